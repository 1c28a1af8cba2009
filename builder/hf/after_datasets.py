"""Waits until `datasets` is imported, and does something then.

`medmnist-c register` also writes this text into a .pth file, where nothing of the package may be
imported and each start of Python pays for what is: so it needs `sys` alone.
"""

import sys

TYPE_CHECKING = False  # as typing has it, which takes a millisecond to import
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class AfterDatasets:
    """Finds what others find; `then()` is called once, when `datasets` has been imported.

    Whoever only asks whether there is `datasets`, as transformers does, gets an answer, and it goes on
    waiting.
    """

    def __init__(self, then: "Callable[[], None]") -> None:
        self.then = then

    def find_spec(
        self, name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        if name != "datasets":
            return None
        after = sys.meta_path[sys.meta_path.index(self) + 1 :]
        found = (one.find_spec(name, path, target) for one in after)
        spec = next((one for one in found if one is not None), None)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: "ModuleType") -> None:
                run(module)
                sys.meta_path.remove(self)
                self.then()

            setattr(spec.loader, "exec_module", exec_module)  # noqa: B010 (a method, to type checkers)
        return spec
