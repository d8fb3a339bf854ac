"""The report of a whole trace: making the page, its size, and reading it in a browser where one is installed.

*Ready*: from opening the file until all figures are drawn. *Frame*: median time between frames while the
Gantt chart and the figures over time are dragged, without a graphics card.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from hdeeprm.experiment import run_experiment
from hdeeprm.options import load_options
from hdeeprm.report import write_report

from .measuring import Row, Settings, cpu_seconds

MOST_SECONDS, MOST_MB, MOST_READY, MOST_FRAME = 20.0, 15.0, 5.0, 100.0
NUM_FRAMES = 60
READY = "() => document.documentElement.dataset.ready && performance.now() / 1000"
DRAG = """async (number) => {
  const canvas = document.querySelector("#gantt-canvas");
  const { left, top } = canvas.getBoundingClientRect();
  canvas.setPointerCapture = () => {};
  const send = (type, x) =>
    canvas.dispatchEvent(new PointerEvent(type, { clientX: left + x, clientY: top + 50, pointerId: 1 }));
  document.querySelector("[data-key='+']").click();
  send("pointerdown", 700);
  const times = [];
  for (let frame = 0; frame <= number; frame++) {
    send("pointermove", 700 - 4 * frame);
    times.push(await new Promise(requestAnimationFrame));
  }
  send("pointerup", 0);
  return times.slice(1).map((time, frame) => time - times[frame]);
}"""


def measure(settings: Settings) -> Iterator[Row]:
    """CPU time and size of the page; time until it is ready, and between frames."""
    with tempfile.TemporaryDirectory() as folder:
        run, page = Path(folder, "run"), Path(folder, "report.html")
        options = {"platform_file_path": "gaia", "workload_file_path": settings.trace}
        num_jobs = run_experiment(load_options(options), run).metrics["num_jobs"]
        seconds = cpu_seconds(lambda: write_report([run], page))
        jobs = f"{num_jobs:,.0f} jobs"
        yield Row("page made", seconds, "CPU s", at_most=MOST_SECONDS, comparison=jobs)
        yield Row("page", page.stat().st_size / 1e6, "MB", at_most=MOST_MB, comparison=jobs)
        yield from _read(page, settings.repetitions)


def _read(page: Path, repetitions: int) -> Iterator[Row]:
    """What a browser needs for the page; nothing where there is none."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return
    if program is None:
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        opened = [_opened(browser, page) for _ in range(repetitions)]
        browser.close()
    yield Row("ready", median(ready for ready, _ in opened), "s", at_most=MOST_READY)
    yield Row("frame", median(frame for _, frame in opened), "ms", at_most=MOST_FRAME)


def _opened(browser: Any, page: Path) -> tuple[float, float]:
    """Seconds until the page is ready, and milliseconds between frames."""
    tab = browser.new_page()
    tab.goto(page.as_uri())
    ready = tab.wait_for_function(READY, polling=10).json_value()
    frames = tab.evaluate(DRAG, NUM_FRAMES)
    tab.close()
    return float(ready), median(frames)
