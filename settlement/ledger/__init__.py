"""Double entry. One row moves one amount of one currency from one account to another: balanced by construction, never updated."""
