"""How two parties pay: settlement terms per roaming agreement, netting sets, and what documents need to know of a party."""
