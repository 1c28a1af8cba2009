"""A file of a repository that people have edited so that it cannot be read."""

from medmnist_c.builder.errors import PublishError, one_line


def unreadable(
    path: str,
    repo: str,
    why: object,
    remedy: str = "mend it there, or delete it to have it written anew",
) -> PublishError:
    """The error that says so, on one line, whatever the file holds."""
    return PublishError(f"{path} of {repo} cannot be read ({one_line(why)}); {remedy}.")
