"""The site's own errors: each message is one sentence that says what, where and what to do."""


class RefusedError(ValueError):
    """A report that cannot go on the leaderboard, and why."""


class SiteError(OSError):
    """A site that cannot be written or published."""
