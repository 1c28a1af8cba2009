"""Faults tried on real processes, real files and a real small disk."""
