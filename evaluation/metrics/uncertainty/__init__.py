"""How sure figures are: resamples of images, swapped answers, seeds, many differences at once."""
