"""MedMNIST-C on Hugging Face `datasets`. Importing this package makes the name known to them."""

from medmnist_c.builder.cards import VERSION as __version__
from medmnist_c.builder.configurations import config_names
from medmnist_c.builder.registration import register
from medmnist_c.builder.single import corrupt
from medmnist_c.medmnist_c import MedMNISTC, MedMNISTCConfig

register()

__all__ = ["MedMNISTC", "MedMNISTCConfig", "__version__", "config_names", "corrupt"]
