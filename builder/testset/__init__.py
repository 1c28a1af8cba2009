"""A test set: its spec, its images and its random states."""
