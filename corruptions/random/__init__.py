"""The random streams: the reference's, to the bit, and seeded ones."""
