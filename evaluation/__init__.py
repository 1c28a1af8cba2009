"""Scoring a model under the corruptions: predictions, metrics, reports."""
