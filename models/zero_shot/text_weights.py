"""From captions to a linear classifier on image features: cosine similarity, as CLIP has it.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (2021), section
3.1: the mean of the normalised text features of a class's captions, normalised again.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from medmnist_c.models.zero_shot.prompts import Prompts


def class_weights(prompts: Prompts, embed: Callable[[list[str]], np.ndarray]) -> np.ndarray:
    """Float32, captions' groups x D, rows of length 1.

    Args:
        prompts: of a dataset.
        embed: from texts to features, float32, B x D.
    """
    return np.stack([_unit(_unit(embed(list(texts))).mean(axis=0)) for texts in prompts.captions])


class ZeroShot:
    """Logits from image features.

    Args:
        embed: from a stacked batch to image features, float32, B x D.
        weights: of `class_weights`.
        scale: what cosines are multiplied by.
        pairs: the groups are "no" and "yes" of each label in turn: the logit of "yes" is given.
    """

    def __init__(
        self, embed: Callable[[Any], np.ndarray], weights: np.ndarray, scale: float, pairs: bool
    ) -> None:
        self._embed, self._weights = embed, weights
        self._scale, self._pairs = np.float32(scale), pairs

    def __call__(self, batch: Any) -> np.ndarray:
        """Float32, B x classes."""
        logits = self._scale * (_unit(self._embed(batch)) @ self._weights.T)
        return logits[:, 1::2] - logits[:, ::2] if self._pairs else logits


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(length, np.float32(1e-12))).astype(np.float32)
