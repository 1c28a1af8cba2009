"""Training with the corruptions: targeted augmentation and AugMix over it."""
