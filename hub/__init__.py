"""The outermost layer: processes, people's doors, operator's commands and the sandbox."""
