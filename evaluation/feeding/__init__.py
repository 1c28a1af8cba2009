"""Images for models: made by processes, in order, each once for all models."""
