"""What `medmnist-c register` runs at each start of Python: import medmnist_c after `datasets`.

Python executes this text, not this module: it stands in a .pth file, where nothing of the package may
be imported, and the package may be gone. It only waits; whatever fails later fails silently.
"""

import sys


class _MedMNISTCAfterDatasets:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name != "datasets":
            return None
        from contextlib import suppress

        # Whoever only asks whether there is `datasets` gets an answer, and it goes on waiting.
        after = sys.meta_path[sys.meta_path.index(cls) + 1 :]
        found = (one.find_spec(name, path, target) for one in after)
        spec = next((one for one in found if one is not None), None)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module):
                run(module)
                with suppress(Exception):
                    sys.meta_path.remove(cls)
                    import medmnist_c  # noqa: F401

            spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _MedMNISTCAfterDatasets)
