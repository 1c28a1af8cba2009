"""A test set's parameters in a few words."""

from medmnist_c.builder.configs import CleanConfig, Config


def parameters_of(one: Config) -> str:
    """e.g. "3, 0.1" or "7 factors, 1 to 1.06"; empty for a clean test set."""
    if isinstance(one, CleanConfig):
        return ""
    return one.entry.algorithm.describe(one.entry.parameters(one.severity))
