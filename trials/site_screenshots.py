"""Pictures of a site for the documentation, in Debian's Chromium.

    python trials/site_screenshots.py SITE -o docs/site

Wide and light, wide and dark, narrow; each as a PNG of 256 colours.
"""

import argparse
import io
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.browser import chromium, screen

LOADED = "return [...document.images].every((one) => one.complete)"


@dataclass(frozen=True)
class Picture:
    """What is shown, how, and the size in pixels."""

    name: str
    address: str
    width: int
    height: int
    dark: bool = False


PICTURES = (
    Picture("leaderboard", "index.html", 1200, 760),
    Picture(
        "explorer", "explorer.html#dataset=bloodmnist&corruption=bubble&severity=4", 1200, 1000
    ),
    Picture("dark", "explorer.html#dataset=octmnist&corruption=speckle_noise", 1200, 620, True),
    Picture("narrow", "index.html", 390, 844),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for one in PICTURES:
            screen(browser, one.width, one.height, dark=one.dark)
            browser.get("about:blank")
            browser.get(f"{given.site.absolute().as_uri()}/{one.address}")
            while not browser.execute_script(LOADED):
                pass
            shot = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
            path = given.output / f"{one.name}.png"
            shot.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
            print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
