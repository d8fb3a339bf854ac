"""The report in a real browser: no errors, nothing leaves the page, the figures do as they are told."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hdeeprm.report import write_report
from report_pages import make_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
SERIOUS = ("serious", "critical")


def unavailable(reason: str) -> None:
    """Skip; in continuous integration, fail."""
    pytest.fail(reason, pytrace=False) if "HDEEPRM_CI" in os.environ else pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        unavailable("playwright is not installed")
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        unavailable(f"none of {', '.join(NAMES)} is installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of two runs, one of which was trained as well."""
    folder = tmp_path_factory.mktemp("report")
    runs = [make_run(folder / "one", 200), make_run(folder / "two", 200, "first-low_power")]
    (runs[0] / "losses.csv").write_text("update,step,loss\n1,16,2.5\n2,32,1.5\n")
    state = runs[1] / "run.json"
    state.write_text(state.read_text().replace('"complete"', '"failed", "reason": "<b>full</b>"'))
    write_report(runs, folder / "report.html")
    return folder / "report.html"


class Opened:
    """A page that is ready, what its console said, and what it asked for."""

    def __init__(self, browser: Browser, report: Path, **settings: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1200, "height": 800}, **settings)
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(report.as_uri())
        self.page.wait_for_selector("html[data-ready]", state="attached")
        self.frames()

    def frames(self) -> None:
        """Let all that is asked for be drawn."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def status(self) -> str:
        """What the chart says that it shows, once it does."""
        self.page.wait_for_timeout(400)
        return self.page.inner_text("#gantt-status")

    def picture(self) -> bytes:
        self.frames()
        return self.page.locator("#gantt-canvas").screenshot()

    def press(self, *keys: str) -> None:
        self.page.focus("#gantt")
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture
def opened(browser: Browser, report: Path) -> Iterator[Opened]:
    found = Opened(browser, report)
    yield found
    found.context.close()
    assert found.said == []
    assert found.requests == [report.as_uri()]


def shown_cores(status: str) -> tuple[int, int]:
    found = re.search(r"cores (\d+) to (\d+)", status)
    assert found is not None
    return int(found[1]), int(found[2])


def test_it_opens_without_errors_or_requests(opened: Opened) -> None:
    assert opened.page.title() == "2 runs: one, two"
    assert opened.page.inner_text(".mark") == "two is failed: <b>full</b>. It is shown as far as it went."
    assert shown_cores(opened.status()) == (0, 2279)


def test_keys_zoom_move_and_show_all_again(opened: Opened) -> None:
    whole, picture = opened.status(), opened.picture()
    opened.press("+", "+", "ArrowRight")
    zoomed = opened.status()
    assert zoomed != whole and opened.picture() != picture
    opened.press("]")
    assert shown_cores(opened.status())[0] > 0
    opened.press("0")
    assert opened.status() == whole and opened.picture() == picture


def test_the_pointer_drags_and_its_wheel_zooms(opened: Opened) -> None:
    page, whole = opened.page, opened.status()
    page.locator("#gantt").scroll_into_view_if_needed()
    box = page.locator("#gantt-canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)  # without the focus the page scrolls
    assert opened.status() == whole
    page.focus("#gantt")
    box = page.locator("#gantt-canvas").bounding_box()
    assert box is not None
    page.mouse.move(x, box["y"] + 50)
    page.mouse.wheel(0, -600)
    zoomed = opened.status()
    assert zoomed != whole
    page.mouse.down()
    page.mouse.move(x - 150, box["y"] + 50, steps=5)
    page.mouse.up()
    assert opened.status() != zoomed


def test_nodes_and_runs_are_chosen(opened: Opened) -> None:
    page, picture = opened.page, opened.picture()
    page.select_option("#gantt-part", label="node 1: Bullx B500-0")
    assert shown_cores(opened.status()) == (12, 23)
    opened.press("0", "[")
    assert shown_cores(opened.status()) == (12, 23)  # the filter holds
    page.select_option("#gantt-run", label="two")
    assert shown_cores(opened.status()) == (0, 2279)
    assert opened.picture() != picture


def test_a_job_is_found_and_told(opened: Opened) -> None:
    page = opened.page
    page.fill("#gantt-find input", "17")
    page.keyboard.press("Enter")
    assert page.inner_text("#job-details h3") == "Job 17"
    details = page.inner_text("#job-details")
    assert all(word in details for word in ("Waited", "Bounded slowdown", "Nodes", "Memory per core"))
    page.fill("#gantt-find input", "<i>none</i>")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)  # the view, which has moved to job 17, would be told by now
    assert page.inner_text("#gantt-status") == "There is no job <i>none</i> in this run."
    opened.press("0", "p")
    assert page.inner_text("#job-details h3") != "Job 17"
    opened.press("Escape")
    assert page.locator("#job-details").is_hidden()


def test_a_click_tells_the_job_under_it(opened: Opened) -> None:
    page = opened.page
    page.fill("#gantt-find input", "17")
    page.keyboard.press("Enter")
    page.select_option("#gantt-colour", "outcome")
    assert "killed" in page.inner_text("#gantt-legend")
    cores = page.locator("#job-details dd").nth(8).inner_text()
    first = int(re.split("[- ]", cores.split(": ")[1])[0])
    opened.press("Escape")
    part = next(
        choice
        for choice in page.locator("#gantt-part option").evaluate_all("all => all.map((one) => one.value)")[
            2:
        ]
        if int(choice.split(",")[0]) <= first < int(choice.split(",")[1])
    )
    page.select_option("#gantt-part", part)
    begin, end = map(int, part.split(","))
    box = page.locator("#gantt-canvas").bounding_box()
    assert box is not None
    top, height = 8, box["height"] - 32
    y = top + height * (first - begin + 0.5) / (end - begin)
    page.locator("#gantt-canvas").click(position={"x": 104 + (box["width"] - 116) / 2, "y": y})
    assert page.inner_text("#job-details h3") == "Job 17"


def test_jobs_in_view_are_also_a_table(opened: Opened) -> None:
    page = opened.page
    page.click("#jobs-in-view summary")
    page.wait_for_selector("#jobs-in-view tbody tr")
    count = page.locator("#jobs-in-view [data-count]")
    assert count.inner_text() == "Jobs in view: 1 to 50 of 200"
    page.click("text=Next page")
    assert count.inner_text() == "Jobs in view: 51 to 100 of 200"
    page.locator("#jobs-in-view tbody button").first.click()
    assert page.locator("#job-details").is_visible()
    opened.press("+", "+", "+")
    opened.status()
    assert int(count.inner_text().split()[-1]) < 200


def test_explanations_are_shown_to_keyboards_too(opened: Opened) -> None:
    tip = opened.page.locator("#metric-makespan")
    assert tip.is_hidden()
    opened.page.locator("button:text-is('makespan')").focus()
    assert tip.is_visible()
    opened.page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_options_can_be_downloaded(opened: Opened, report: Path) -> None:
    opened.page.click("summary:has-text('options.json of one')")
    with opened.page.expect_download() as download:
        opened.page.locator("[data-download=options-0]").click()
    assert download.value.suggested_filename == "options.json"
    content = (report.parent / "one" / "options.json").read_text()
    assert Path(download.value.path()).read_text() == content
    opened.requests[:] = [url for url in opened.requests if not url.startswith("blob:")]


def test_no_name_becomes_markup(browser: Browser, report: Path, tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    run = shutil.copytree(report.parent / "one", tmp_path / evil.replace("/", ""))
    jobs = run / "out_jobs.csv"
    jobs.write_text(jobs.read_text().replace("\n17,w0", f"\n{evil},w0"))
    write_report([run], tmp_path / "report.html")
    found = Opened(browser, tmp_path / "report.html")
    found.page.fill("#gantt-find input", evil)
    found.page.keyboard.press("Enter")
    assert found.page.inner_text("#job-details h3") == f"Job {evil}"
    assert found.page.locator("img").count() == 0
    found.page.click("#jobs-in-view summary")
    found.status()
    assert found.said == [] and len(found.requests) == 1
    found.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_the_systems_until_the_reader_chooses(
    theme: str, browser: Browser, report: Path
) -> None:
    found = Opened(browser, report, color_scheme=theme)
    surface = "() => getComputedStyle(document.body).backgroundColor"
    colours = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 28)"}
    assert found.page.evaluate(surface) == colours.pop(theme)
    picture = found.picture()
    found.page.click("#theme")
    assert found.page.evaluate(surface) == colours.popitem()[1]
    assert found.page.get_attribute("#theme", "aria-pressed") == ("true" if theme == "light" else "false")
    assert found.picture() != picture
    found.context.close()


def test_paper_is_light_and_tells_definitions(browser: Browser, report: Path) -> None:
    found = Opened(browser, report, color_scheme="dark")
    page = found.page
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("#metric-makespan").is_visible()
    assert page.locator("#theme").is_hidden()
    assert page.locator("#options-0").is_visible()
    page.emulate_media(media="screen")
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"
    assert page.locator("#options-0").is_hidden()
    found.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_hinders_people_with_disabilities(theme: str, browser: Browser, report: Path) -> None:
    try:
        import axe_playwright_python
    except ImportError:
        unavailable("axe-playwright-python is not installed")
    axe = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
    found = Opened(browser, report, color_scheme=theme, bypass_csp=True)
    page = found.page
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => (one.open = true))")
    found.press("n")
    found.status()
    page.evaluate(axe)
    rules = "{}" if theme == "light" else "{runOnly: ['color-contrast']}"  # nothing else depends on it
    result = page.evaluate(f"() => axe.run({rules})")
    assert len(result["passes"]) > (20 if theme == "light" else 0)
    serious = [one for one in result["violations"] if one["impact"] in SERIOUS]
    assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == []
    found.context.close()


def test_it_fits_a_telephone(browser: Browser, report: Path) -> None:
    found = Opened(browser, report, has_touch=True)
    found.page.set_viewport_size({"width": 390, "height": 800})
    found.frames()
    assert found.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    found.context.close()
