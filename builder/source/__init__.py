"""Where clean images come from: npz files, HTTP, the clean cache."""
