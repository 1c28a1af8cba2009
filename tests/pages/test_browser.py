"""The site in a real browser, opened from the disk: Debian's Chromium, driven by Selenium."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import browser as browsers
from support.browser import console, requests, screen
from support.sites import HOSTILE, shared_site

from medmnist_c.evaluation.report.model import Estimate
from medmnist_c.pages.leaderboard.release import released_alexnet

if why := browsers.why_none():
    pytest.skip(f"no browser: {why}", allow_module_level=True)

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> tuple[Path, list[Estimate]]:
    """The folder, and the mean errors on retinamnist of the entries, in the board's order."""
    folder, reports = shared_site(tmp_path_factory)
    first = released_alexnet().datasets["retinamnist"].over_all.error
    summaries = [one.datasets["retinamnist"].summary for one in reports]
    return folder, [first, *(one.means["balanced_error"] for one in summaries)]


@pytest.fixture(scope="module")
def started() -> Iterator:
    with browsers.chromium() as driver:
        yield driver


@pytest.fixture
def page(started, site):
    """Opens a page of the site, on a wide screen and in light colours unless something else is said;
    at the end nothing may have been said in the console, or been asked of anything but the site."""
    folder, _ = site
    console(started), requests(started)

    def opened(address: str, width: int = 1280, **how: bool):
        screen(started, width, 900, **how)
        started.get("about:blank")  # the same page with another "#" would not be loaded again
        started.get(f"{folder.as_uri()}/{address}")
        # On a busy machine the driver has said that a page is there while the blank one still was.
        there = "return location.protocol === 'file:' && document.readyState === 'complete'"
        soon(started, lambda: started.execute_script(there))
        return started

    yield opened
    assert console(started) == []
    asked = [one for one in requests(started) if one != "about:blank"]
    assert asked and all(one.startswith(folder.as_uri()) for one in asked), asked
    assert started.execute_script("return window.hurt") is None


def soon(driver, condition: Callable[[], object]) -> None:
    """What comes after a click or a move, not with it: another address, an image, a page."""
    ignored = (StaleElementReferenceException, NoSuchElementException)
    WebDriverWait(driver, 30, ignored_exceptions=ignored).until(lambda _: condition())


def one(driver, css: str):
    return driver.find_element(By.CSS_SELECTOR, css)


def texts(driver, css: str) -> list[str]:
    """Of all that fit, without a call to the driver for each."""
    found = "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)"
    return driver.execute_script(found, css)


def models(driver) -> list[str]:
    return texts(driver, "#board tbody th a")


def choose(driver, name: str, value: str) -> None:
    Select(one(driver, f"#{name}")).select_by_value(value)


def test_the_leaderboard_is_ranked_and_sorts(page, site):
    driver, figures = page("index.html"), site[1]
    names = ["AlexNet (release)", "good", "nearly as good", HOSTILE]
    by_value = sorted(range(4), key=lambda n: figures[n].value)
    assert models(driver) == [names[n] for n in by_value]
    shown = texts(driver, "#board tbody td.rank")
    for n, rank in zip(by_value, shown, strict=True):
        assert rank == expected_rank(figures, n)
    assert any("-" in rank for rank in shown)  # intervals that overlap
    head = one(driver, "[data-key=model]")
    head.click()
    assert models(driver) == sorted(models(driver), key=str.lower)
    head = one(driver, "[data-key=model]")
    assert driver.switch_to.active_element == head
    head.send_keys(Keys.ENTER)
    assert models(driver) == sorted(models(driver), key=str.lower, reverse=True)
    sorts = texts(driver, "#board th[aria-sort=descending]")
    assert len(sorts) == 1 and sorts[0].startswith("model")
    assert "sort=model" in driver.current_url


def expected_rank(figures: list[Estimate], n: int) -> str:
    low = [f.value if f.low is None else f.low for f in figures]
    high = [f.value if f.high is None else f.high for f in figures]
    best = 1 + sum(other < low[n] for other in high)
    worst = len(figures) - sum(other > high[n] for other in low)
    return f"{best}" if best == worst else f"{best}-{worst}"


def test_the_leaderboard_filters(page):
    driver = page("index.html")
    choose(driver, "dataset", "breastmnist")
    assert set(models(driver)) == {"AlexNet (release)", "good"}
    choose(driver, "corruptions", "group noise")
    choose(driver, "severity", "3")
    assert (
        "noise, severity 3: 2 models, ranked by error at severity 3" in one(driver, "#count").text
    )
    assert texts(driver, "#board tbody td.main")[-1].startswith("-")  # AlexNet's is not known
    choose(driver, "kind", "trained")
    assert models(driver) == ["good"]
    assert not one(driver, "#figure").is_enabled()  # BE is not known at single severities
    address = driver.current_url
    choose(driver, "dataset", "")
    choose(driver, "severity", "")
    assert set(models(driver)) == {"good", HOSTILE} and len(texts(driver, "#board thead th")) == 16
    choose(driver, "figure", "BE")
    assert "ranked by BE" in one(driver, "#count").text
    driver = page(address.rpartition("/")[2])  # what is shown can be linked to
    assert models(driver) == ["good"] and one(driver, "#severity").get_attribute("value") == "3"
    driver = page("index.html#dataset=<img src=x>&corruptions=no&severity=9&kind=x&sort=y")
    assert len(models(driver)) == 4


def test_a_hostile_name_does_nothing_and_leads_to_its_report(page):
    driver = page("index.html")
    links = driver.find_elements(By.CSS_SELECTOR, "#board tbody th a")
    hostile = next(link for link in links if "onerror" in link.text)
    ActionChains(driver).move_to_element(hostile).click().perform()
    soon(driver, lambda: texts(driver, "details[open] > summary:focus"))
    entry = driver.switch_to.active_element.find_element(By.XPATH, "..")
    assert entry.get_attribute("open") is not None
    assert driver.find_elements(By.CSS_SELECTOR, "main img, main [onmouseover]") == []
    entry.find_element(By.LINK_TEXT, "The whole report").click()
    soon(driver, lambda: driver.title.startswith("Robustness of </script><script>"))
    assert driver.find_elements(By.CSS_SELECTOR, "img, script, [onmouseover]") == []


def test_the_slider_by_keyboard_mouse_and_touch(page):
    driver = page("explorer.html#dataset=retinamnist&corruption=pixelate&severity=5")
    slider, share = (
        one(driver, "#slider"),
        lambda: float(one(driver, "#slider").get_attribute("value")),
    )
    slider.send_keys(Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert share() == 2 and clipped(driver) == 2
    stage = one(driver, "#stage")
    right = ActionChains(driver).move_to_element(stage).click_and_hold()
    right.move_by_offset(stage.size["width"] // 4, 0).release().perform()
    soon(driver, lambda: share() == pytest.approx(75, abs=2) and clipped(driver) == share())
    driver = page("explorer.html#dataset=retinamnist", width=390, touch=True)
    box = one(driver, "#stage").rect
    middle = box["y"] + box["height"] / 2

    def touch(kind: str, *at: float) -> None:
        points = [{"x": box["x"] + at[0] * box["width"], "y": middle}] if at else []
        driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.5)
    for place in (0.45, 0.4, 0.3, 0.2):
        touch("touchMove", place)
    touch("touchEnd")
    soon(driver, lambda: share() == pytest.approx(20, abs=2) and clipped(driver) == share())


def clipped(driver) -> float:
    """How much of the corrupted image is cut off from the left, in per cent."""
    style = driver.execute_script("return document.getElementById('corrupted').style.clipPath")
    return float(style.split()[-1].rstrip("%)"))


def test_severities_and_magnifier(page):
    driver = page("explorer.html#dataset=retinamnist&corruption=jpeg_compression&severity=2")
    one(driver, "#strip input:checked").send_keys(Keys.ARROW_RIGHT)
    assert driver.switch_to.active_element.get_attribute("value") == "3"
    assert one(driver, "#corrupted").get_attribute("src").endswith("/jpeg_compression_3.webp")
    loaded = "return [...document.images].every((one) => one.complete && one.naturalWidth === 224)"
    soon(driver, lambda: driver.execute_script(loaded))
    assert len(texts(driver, "#strip label")) == 5
    assert '"retinamnist_jpeg_compression_3", split="test")' in one(driver, "#code").text
    assert texts(driver, "#parameters .now") == ["20"]
    pane = one(driver, "#pane-corrupted")
    assert "jpeg_compression_3.webp" in pane.value_of_css_property("background-image")
    before = place_of(pane)
    one(driver, "#glass").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    after = place_of(pane)
    assert (before[0] - after[0], before[1] - after[1]) == pytest.approx((20, 40), abs=0.5)
    ActionChains(driver).move_to_element_with_offset(one(driver, "#stage"), -150, -150).perform()
    soon(driver, lambda: place_of(pane)[0] > before[0] + 200)
    assert place_of(one(driver, "#pane-clean")) == place_of(pane)


def place_of(pane) -> tuple[float, float]:
    x, y = pane.value_of_css_property("background-position").split()
    return float(x.removesuffix("px")), float(y.removesuffix("px"))


def test_the_explorer_tells_how_models_fare_and_leads_to_the_board(page):
    driver = page("explorer.html")
    choose(driver, "dataset", "breastmnist")
    choose(driver, "corruption", "motion_blur")
    names = texts(driver, "#fares tbody th")
    assert set(names) == {"AlexNet (release)", "good"}
    assert "The probe or the patient moves" in one(driver, "#clinic").text
    values = [float(row.split()[0][:5]) for row in texts(driver, "#fares tbody td:nth-child(2)")]
    assert values == sorted(values) and all(map(math.isfinite, values))
    one(driver, "#copy").click()
    one(driver, "#to-board").click()
    soon(driver, lambda: "motion blur" in one(driver, "#count").text)


@pytest.mark.parametrize("address", ["index.html", "explorer.html"])
def test_narrow_and_dark(page, address):
    driver = page(address, width=360, dark=True)
    width = driver.execute_script("return document.documentElement.scrollWidth")
    assert width <= 360
    body = one(driver, "body")
    assert body.value_of_css_property("background-color") == "rgba(20, 23, 28, 1)"
    driver = page(address)
    assert one(driver, "body").value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
