"""Simulated operators and providers that speak the wire with the hub, through its public door only.

`geography`, `companies`, `world`, `prices`, `day` and `story` invent a network and what happens on it (pure, seeded: the same
seed is the same month). `operator` and `provider` behave; what they say goes through `line` (the words any protocol can carry)
and is put on the wire by `ocpi_2_2_1`, the only room that knows a version. `network` hosts many platforms in one process,
`office` is the hub operator's part (invitations, agreements, users, closing a month: always its own commands), `memory` is what a
platform remembers over a restart. `last_month`, `life` and `rehearsal` are the plays. Nothing here imports roaming or settlement: a partner
knows only the wire.
"""
