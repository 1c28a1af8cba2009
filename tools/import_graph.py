"""Draw which package imports which, from the code, as the mermaid block of CONTRIBUTING.md.

    python tools/import_graph.py            # rewrites the block
    python tools/import_graph.py --check    # exit status 1 if it is not as the code is

Imports for type checkers alone do not count.
"""

import argparse
import os
import re
import sys
from pathlib import Path

import grimp

REPOSITORY = Path(__file__).parent.parent
BLOCK = re.compile(r"(?<=```mermaid\n).*?(?=```)", re.S)
FACE = ("commands", "augmentation", "evaluation", "publishing", "builder", "corruptions")


def edges() -> list[tuple[str, str]]:
    """(importing package, imported package), without those that follow from others."""
    graph = grimp.build_graph("medmnist_c", cache_dir=None, exclude_type_checking_imports=True)
    found = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            pair = package_of(importer), package_of(imported)
            if pair[0] != pair[1] and None not in pair:
                found.add(pair)
    return sorted(
        (a, c) for a, c in found if not any((a, b) in found and (b, c) in found for b in FACE)
    )


def package_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in FACE else None


def drawn(pairs: list[tuple[str, str]]) -> str:
    return "graph TD\n" + "".join(f"    {a} --> {b}\n" for a, b in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing")
    arguments = parser.parse_args()
    # The checkout's root is the package: see .ci/types.
    link = REPOSITORY / "build" / "root" / "medmnist_c"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.symlink_to(Path("..", ".."))
    os.chdir(link.parent)
    sys.path.insert(0, str(link.parent))
    page = REPOSITORY / "CONTRIBUTING.md"
    before = page.read_text("utf-8")
    after = BLOCK.sub(drawn(edges()), before)
    if arguments.check:
        sys.exit(after != before and f"{page.name}: run python tools/import_graph.py")
    page.write_text(after, "utf-8")


if __name__ == "__main__":
    main()
