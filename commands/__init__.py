"""The commands of `medmnist-c`, one module each."""
