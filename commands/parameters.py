"""A test set's parameters in a few words."""

from medmnist_c.builder.configs import Configuration


def parameters_of(one: Configuration) -> str:
    """e.g. "3, 0.1" or "7 factors, 1 to 1.06"; empty for a clean test set."""
    if one.entry is None:
        return ""
    values = one.entry.parameters(one.severity)
    if one.entry.algorithm == "zoom_blur":
        (factors,) = values
        return f"{len(factors)} factors, {factors[0]:g} to {factors[-1]:.3g}"
    return ", ".join(f"{value:g}" for value in values)
