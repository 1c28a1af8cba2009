"""Figures of predictions: metrics, intervals, robustness against a baseline."""
