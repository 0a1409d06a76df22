"""The processes of one hub: which there are, how they are started together, and what stands in for PostgreSQL and Redis.

Nothing here imports Django: the supervisor must work while the application is broken. `processes.py` is the one table of
commands (make run, Dockerfile and compose.yaml read it), `supervisor.py` keeps them alive, `embedded.py` runs the two
services from their wheels on a machine that has neither.
"""
