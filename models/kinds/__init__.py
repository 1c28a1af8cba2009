"""A module for each library: it gives a `LoadedModel` for scores, and an `Encoder` for features."""
