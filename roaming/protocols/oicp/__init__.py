"""OICP 2.3: the room is here, nobody lives in it yet."""
