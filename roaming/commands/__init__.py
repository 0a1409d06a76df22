"""What a provider asks an operator to do: forwarded under a hub-made callback address, the late result relayed back."""
