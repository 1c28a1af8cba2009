"""Fuzzing: what readers are given, and what must hold whatever they are given."""
