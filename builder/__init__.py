"""From a configuration's name to its test set: facts, clean sources, encoding, tables, folders."""
