"""Predictions as Parquet files, checked when they are read."""
