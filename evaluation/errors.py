"""The evaluation's own errors: each message is one sentence that says what, where and what to do."""


class PredictionError(ValueError):
    """Scores that cannot be scored: of another form, not finite, no probabilities, or for other ones."""


class ReportError(ValueError):
    """A report that cannot be read, or reports that cannot be compared."""
