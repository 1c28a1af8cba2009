"""The package's own errors: each message is one sentence that says what, where and what to do."""

OFFLINE_REMEDY = (
    "give as data_dir a folder that `medmnist-c fetch DATASET -o FOLDER` has filled on a machine with a "
    "network: with the MedMNIST+ file, and for stain_deposit with inks.npz"
)


_MOST_SAID = 300  # characters of another library's words; they may quote a whole damaged file


def one_line(error: object) -> str:
    """What an error says, as it may stand in a sentence: on one line, printable and not long.

    An exception that says nothing is told by its kind.
    """
    text = " ".join(str(error).split())[:_MOST_SAID]
    if not text and isinstance(error, BaseException):
        return type(error).__name__
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def first_line(error: BaseException) -> str:
    """The first line of what an error says, as it may stand in a sentence; or its kind."""
    return one_line(str(error).strip().partition("\n")[0] or error)


class UnknownNameError(ValueError):
    """A dataset, corruption, severity or configuration that the benchmark does not have."""


class CleanDataError(OSError):
    """A clean MedMNIST+ test set that cannot be found, fetched or trusted."""


class BuildError(OSError):
    """A folder of test sets that cannot be written."""


class PublishError(OSError):
    """Test sets that cannot be put on the Hub, or looked at there."""


class PreparationError(RuntimeError):
    """A test set that cannot be prepared in the cache.

    No OSError: `datasets` takes any of those for a data file that is missing, and says so.
    """
