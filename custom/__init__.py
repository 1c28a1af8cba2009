"""MedMNIST-C's corruptions on data sets of one's own."""
