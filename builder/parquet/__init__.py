"""Test sets as Parquet files: shards, tasks, scheduling, the output folder."""
