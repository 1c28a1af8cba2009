"""What hooks into the `datasets` library."""
