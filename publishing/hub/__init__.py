"""A dataset repository on the Hub: what is there, what made it, calls, commits."""
