"""Images made part by part, written as each model wants them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from medmnist_c.builder.errors import one_line
from medmnist_c.builder.testset.parts import Part
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.feeding.inputs import ModelInput, RowFormat
from medmnist_c.evaluation.image_sources import LabelledImage, ReadableTestSet


def formats_of(inputs: Sequence[ModelInput], test_set: ReadableTestSet) -> list[RowFormat]:
    """What each input is of, found at the first image."""
    image, _ = next(iter(test_set.rows(0, 1)))
    return [RowFormat.of(_given(one, image, 0, test_set.name)) for one in inputs]


@dataclass
class Maker:
    """Makes parts of test sets; one that follows the last one goes on from it.

    inputs: what is made of each image.
    formats: of each input.
    """

    inputs: Sequence[ModelInput]
    formats: Sequence[RowFormat]
    # What is being read, by its test set and the image that comes next.
    _open: dict[tuple[str, int], Iterator[LabelledImage]] = field(default_factory=dict)

    def make(self, test_set: ReadableTestSet, part: Part, rows: Sequence[np.ndarray]) -> np.ndarray:
        """Write a part's images, and give their labels, int64, N x K.

        Args:
            test_set: which one.
            part: of it.
            rows: for each input where to, uint8, N x row_bytes.

        Raises:
            PredictionError: a transform fails, or there are fewer images.
        """
        begun = self._open.pop((test_set.name, part.start), None) if part.follows else None
        images = begun or iter(test_set.rows(part.start, part.stretch[1]))
        labels = []
        for index in range(part.start, part.stop):
            image, label = next(images, (None, None))
            if image is None or label is None:
                raise PredictionError(f"{test_set.name} gave {index} images, not {test_set.count}.")
            for own, form, out in zip(self.inputs, self.formats, rows, strict=True):
                out[index - part.start] = form.to_bytes(_given(own, image, index, test_set.name))
            labels.append(label)
        if part.stop < part.stretch[1]:
            self._open[test_set.name, part.stop] = images
        else:
            next(images, None)  # what is left to do after the last image: its state is cached
        return np.stack(labels)


def _given(own: ModelInput, image: np.ndarray, index: int, name: str) -> object:
    if own.transform is None:
        return own.of(image)
    try:
        return own.of(image)
    except Exception as error:
        failed = PredictionError(
            f"The transform failed at image {index} of {name} ({type(error).__name__}: "
            f"{one_line(error)})."
        )
        raise failed from error
