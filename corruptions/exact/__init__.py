"""Exact rounding of fast filters: float32 sums, and an exact rule for what they leave open."""
