"""From a position to the order to move money: the room is here, nobody lives in it yet."""
