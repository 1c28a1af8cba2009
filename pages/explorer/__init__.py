"""What the explorer shows: an image under every corruption and severity, and words on them."""
