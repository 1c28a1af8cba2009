"""Corruptions as objects."""
