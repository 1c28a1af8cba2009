"""Models by their names: checkpoints of the usual libraries as what `evaluate` asks.

`kinds/` has a module for each library, `zero_shot/` models of images and text, `probe/` heads on frozen
encoders. Each library is imported where it is needed, and asked for in one sentence where it is missing.
"""
