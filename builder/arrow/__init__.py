"""Images and labels as Arrow tables."""
