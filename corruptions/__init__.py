"""The eighteen corruptions as functions of pictures, the benchmark's table, the random streams."""
