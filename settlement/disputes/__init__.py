"""A line or a group in dispute: the room is here, nobody lives in it yet."""
