"""The eighteen corruptions as functions of images, the benchmark's table, the random streams."""
