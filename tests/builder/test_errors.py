"""What other libraries say, as it stands in our sentences."""

import pytest

from medmnist_c.builder.errors import first_line, one_line

WORDS = {
    "no\n  such\tkey ": ("no such key", "no"),
    "\nCannot load.\nTraceback": ("Cannot load. Traceback", "Cannot load."),
    "red \x1b[31m": ("red \ufffd[31m", "red \ufffd[31m"),
    "x" * 1000: ("x" * 300, "x" * 300),
    " \n": ("Failure", "Failure"),
}


class Failure(Exception):
    """An error of another library."""


@pytest.mark.parametrize("text", WORDS)
def test_the_words_of_an_error_fit_into_a_sentence(text):
    error = Failure(text)
    assert (one_line(error), first_line(error)) == WORDS[text]
