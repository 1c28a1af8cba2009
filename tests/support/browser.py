"""Debian's Chromium, driven by Selenium; nothing is fetched for it."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from typing import Any

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


def why_none() -> str | None:
    """Why there is no browser here; None if there is one."""
    if not CHROMIUM or not DRIVER:
        return "no chromium and chromedriver (Debian: apt-get install chromium chromium-driver)"
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "no selenium (pip install selenium)"
    return None


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A driver; it keeps what the console says and which requests are made."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
        options.add_argument(f"--{argument}")
    options.add_argument("--hide-scrollbars")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def screen(
    driver: Any, width: int, height: int, *, dark: bool = False, touch: bool = False
) -> None:
    """Pixels of the window, the colours that the user prefers, and whether there is touch."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": touch})


def console(driver: Any) -> list[str]:
    """What the console has said since it was asked last."""
    return [row["message"] for row in driver.get_log("browser")]


def requests(driver: Any) -> list[str]:
    """The addresses that were asked for since it was asked last."""
    messages = [json.loads(row["message"])["message"] for row in driver.get_log("performance")]
    sent = [one for one in messages if one["method"] == "Network.requestWillBeSent"]
    return [one["params"]["request"]["url"] for one in sent]
