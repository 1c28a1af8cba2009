"""`python -m medmnist_c` is `medmnist-c`."""

from medmnist_c.cli import main

main(prog_name="python -m medmnist_c")
