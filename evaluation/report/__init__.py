"""The report of an evaluation, and what renders it."""
