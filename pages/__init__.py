"""The static site: a leaderboard of reports, and an explorer of the corruptions."""
