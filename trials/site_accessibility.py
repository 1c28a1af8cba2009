"""What axe-core finds on a site, in Debian's Chromium: light and dark, on a wide and a narrow screen.

    npm install axe-core
    python trials/site_accessibility.py SITE node_modules/axe-core/axe.min.js

Prints each finding; exit status 1 if one is serious or critical.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.browser import chromium, screen

SERIOUS = ("serious", "critical")
RUN = "const done = arguments[0]; axe.run().then((found) => done(found.violations));"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path)
    parser.add_argument("axe", type=Path)
    given = parser.parse_args()
    program = given.axe.read_text("utf-8")
    bad = 0
    with chromium() as browser:
        for page in (
            *sorted(given.site.glob("*.html")),
            *sorted(given.site.glob("reports/*.html"))[:1],
        ):
            for width, dark in ((1280, False), (1280, True), (390, False), (390, True)):
                screen(browser, width, 900, dark=dark)
                browser.get(page.as_uri())
                # The page's policy lets no other program in, so it comes through the driver.
                browser.execute_script(program)
                found = browser.execute_async_script(RUN)
                how = f"{page.name}, {width} px, {'dark' if dark else 'light'}"
                print(f"{how}: {len(found)} findings")
                for one in found:
                    nodes = "; ".join(str(node["target"]) for node in one["nodes"][:3])
                    print(f"  {one['impact']}: {one['id']}: {one['help']}: {nodes}")
                bad += sum(one["impact"] in SERIOUS for one in found)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
