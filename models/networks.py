"""Networks to be trained, by name: `timm:resnet18`, `torchvision:alexnet`, `small:plain`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medmnist_c.builder.errors import first_line
from medmnist_c.builder.suggestions import nearest, shown
from medmnist_c.models.errors import ModelError, needing
from medmnist_c.models.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Statistics

if TYPE_CHECKING:
    from torch import nn

KINDS = ("timm", "torchvision", "small")


@dataclass(frozen=True)
class Network:
    """A network for RGB images, and the statistics that it was, or would be, pretrained with."""

    module: "nn.Module"
    mean: Statistics
    std: Statistics


def full_name(name: str) -> str:
    """With its kind: a name without is timm's, and AlexNet, which timm has not, torchvision's."""
    if ":" in name:
        return name
    return f"torchvision:{name}" if name == "alexnet" else f"timm:{name}"


def create_network(name: str, classes: int, side: int, *, pretrained: bool) -> Network:
    """A network with `classes` outputs for images of side x side.

    What is random in its weights is drawn from torch's global state: fork and seed it before.

    Raises:
        ModelError: there is no such network, or its pretrained weights cannot be had.
        ModuleNotFoundError: its library is not installed.
    """
    kind, _, rest = full_name(name).partition(":")
    if kind not in KINDS:
        raise ModelError(f"There is no kind of network {shown(kind)}{nearest(kind, KINDS)}")
    make: Callable[[str, int, int, bool], Network]
    make = {"timm": _timm, "torchvision": _torchvision, "small": _small}[kind]
    return make(rest, classes, side, pretrained)


def _timm(name: str, classes: int, side: int, pretrained: bool) -> Network:
    with needing("timm", "timm", "torch", "torchvision"):
        import timm
    if name not in timm.list_models(pretrained=False):
        raise ModelError(f"timm has no network {shown(name)}{nearest(name, timm.list_models())}")
    how: dict[str, Any] = {"pretrained": pretrained, "num_classes": classes}
    try:
        module = timm.create_model(name, **how)
        wanted = module.default_cfg["input_size"][1:]
        if module.default_cfg.get("fixed_input_size") and wanted != (side, side):
            module = timm.create_model(name, img_size=side, **how)
    except Exception as error:  # the Hub's, timm's and torch's own
        raise ModelError(f"timm cannot make {shown(name)} ({first_line(error)}).") from error
    return Network(module, tuple(module.default_cfg["mean"]), tuple(module.default_cfg["std"]))


def _torchvision(name: str, classes: int, side: int, pretrained: bool) -> Network:
    with needing("timm", "torchvision", "torch"):
        from torchvision.models import get_model, list_models
    if name not in list_models():
        raise ModelError(f"torchvision has no network {shown(name)}{nearest(name, list_models())}")
    try:
        if not pretrained:
            module = get_model(name, weights=None, num_classes=classes)
        else:
            module = get_model(name, weights="DEFAULT")
            _put_head(module, name, classes)
    except (OSError, ValueError) as error:
        raise ModelError(f"torchvision cannot make {name} ({first_line(error)}).") from error
    return Network(module, IMAGENET_MEAN, IMAGENET_STD)


def _put_head(module: Any, name: str, classes: int) -> None:
    """A new last linear layer: of AlexNet and VGG `classifier[6]`."""
    from torch import nn

    places = [place for place, part in module.named_modules() if isinstance(part, nn.Linear)]
    if not places:
        raise ModelError(f"torchvision:{name} ends in no linear layer; take another network.")
    holder, _, place = places[-1].rpartition(".")
    last = module.get_submodule(places[-1])
    setattr(module.get_submodule(holder), place, nn.Linear(last.in_features, classes))


def _small(name: str, classes: int, side: int, pretrained: bool) -> Network:
    """Networks of our own, which need torch alone and train on a processor."""
    with needing("experiments", "torch"):
        from medmnist_c.models.small import SMALL_NETWORKS
    if name not in SMALL_NETWORKS:
        raise ModelError(f"There is no small network {shown(name)}{nearest(name, SMALL_NETWORKS)}")
    if pretrained:
        raise ModelError(
            f"small:{name} has no pretrained weights; take a protocol with pretrained = false."
        )
    return Network(SMALL_NETWORKS[name](classes), IMAGENET_MEAN, IMAGENET_STD)
