"""Probes: heads trained on the features of a frozen encoder.

Features are made once and kept; heads are many. The training split trains, the validation split chooses,
the test split is only scored.
"""
