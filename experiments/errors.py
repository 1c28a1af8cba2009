"""Errors of experiments: each message is one sentence that says what, where and what to do."""


class ExperimentError(ValueError):
    """An experiment that cannot be run as it is asked for."""
