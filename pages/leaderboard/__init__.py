"""Who is on the leaderboard: reports that were checked, the published baseline, scores from the Hub."""
