"""A test set's parameters in a few words."""

from medmnist_c.builder.configs import Configuration


def parameters_of(one: Configuration) -> str:
    """e.g. "3, 0.1" or "7 factors, 1 to 1.06"; empty for a clean test set."""
    if one.entry is None:
        return ""
    return one.entry.algorithm.describe(one.entry.parameters(one.severity))
