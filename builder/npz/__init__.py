"""Test sets in the form of the published archives: an npz file for each corruption of a dataset."""
