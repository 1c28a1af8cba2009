"""One training: its images, its augmentation, its loop, its checkpoints."""
