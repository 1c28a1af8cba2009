"""A few images of every dataset, in the MedMNIST+ layout; SOURCES.md says where they are from."""

from pathlib import Path

SAMPLE_FOLDER = Path(__file__).parent
