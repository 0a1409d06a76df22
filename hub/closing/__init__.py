"""Closing a period from the board: asked for by a person, done by a worker, watched and stopped from the same place."""
