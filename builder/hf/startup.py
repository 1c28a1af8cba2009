"""Make the name "medmnist_c" known to every Python of an environment, without an import.

Python runs the lines of the .pth files in site-packages at each start. Ours waits until `datasets` is
imported, and imports this package then. Only `medmnist-c register` puts it there.
"""

import ast
import sysconfig
from importlib import resources
from pathlib import Path

from medmnist_c.builder.files import atomic_write

# The package may be gone by then: whatever fails, fails silently.
_AT_START = """
def import_medmnist_c():
    try:
        import medmnist_c
    except Exception:
        pass
sys.meta_path.insert(0, AfterDatasets(import_medmnist_c))
"""

FILE_NAME = "medmnist_c_register.pth"


def startup_file() -> Path:
    """Where the file lies, or would lie: in the site-packages of this environment."""
    return Path(sysconfig.get_path("purelib")) / FILE_NAME


def add() -> Path:
    """Write the file, whole or not at all.

    Raises:
        OSError: the environment cannot be written.
    """
    source = resources.files(__package__).joinpath("after_datasets.py").read_text("utf-8")
    code = ast.unparse(_without_docstring(ast.parse(source + _AT_START)))
    path = startup_file()
    with atomic_write(path) as file:
        # A line of a .pth file is run if it begins with "import".
        file.write(f"import sys; exec({code!r})\n".encode())
    return path


def remove() -> Path | None:
    """Remove the file; None if there is none.

    Raises:
        OSError: the environment cannot be written.
    """
    path = startup_file()
    try:
        path.unlink()
    except FileNotFoundError:
        return None
    return path


def _without_docstring(module: ast.Module) -> ast.Module:
    module.body = module.body[1:]
    return module
