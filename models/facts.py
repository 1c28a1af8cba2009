"""What is known of a model, gathered."""

from importlib.metadata import PackageNotFoundError, version

from medmnist_c.models.loaded import ModelFacts


def facts_of(
    name: str,
    weights: str | None,
    preprocessing: object,
    classes: str,
    device: str,
    *libraries: str,
) -> ModelFacts:
    """The facts, with the versions of these libraries that are installed."""
    versions = {}
    for library in libraries:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            continue
    return ModelFacts(name, weights, str(preprocessing), classes, versions, device)
