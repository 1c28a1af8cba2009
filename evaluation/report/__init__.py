"""Reports as typed data: measured against a baseline, and compared."""
