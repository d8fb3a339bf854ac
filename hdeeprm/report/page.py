"""The whole page: parts from Python, figures drawn by the scripts in ``assets``, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from string import Template

from hdeeprm import __version__
from hdeeprm.results.reading import JOBS, RecordedRun

from .comparing import comparison_section
from .content import RunContent, known_figures, run_content
from .entries import Entry, entries_of
from .figures import gantt_section, series_section
from .learning import learning_section
from .markup import Html, Section, element, joined, section
from .overview import marks, metrics_section, runs_section
from .reproducing import reproduction_section
from .sketch import platform_section

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = (
    "columns",
    "format",
    "colours",
    "view",
    "raster",
    "axes",
    "gantt",
    "moving",
    "jobs",
    "series",
    "theme",
    "main",
)
"""Files of the page's script; each uses those before it."""


def report_html(runs: Sequence[RecordedRun], command: str) -> str:
    """A page about runs that needs nothing else; the same runs give the same page.

    Args:
        runs: At least one.
        command: What makes this page, to be told in it.
    """
    entries = entries_of(runs)
    contents = [run_content(entry) for entry in entries if entry.run.has(JOBS)]
    parts = _parts(entries, contents, command)
    script = "\n".join(_text(f"{name}.js") for name in SCRIPTS)
    return Template(_text("page.html")).substitute(
        title=joined([_title(entries)]),
        style=_text("style.css"),
        script=script,
        script_hash=_hash(script),
        contents=joined(element("li", element("a", part.title, href=f"#{part.name}")) for part in parts),
        main=joined([*marks(entries), *(part.html for part in parts), _notes(entries)]),
        version=__version__,
        manifest=_manifest(contents),
        data=joined(map(_data, range(len(contents)), contents)),
    )


def _text(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """What the page's policy knows its only script by; no other runs, wherever it may come from."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _title(entries: Sequence[Entry]) -> str:
    if len(entries) == 1:
        return f"Run {entries[0].name}"
    return f"{len(entries)} runs: {', '.join(entry.name for entry in entries)}"


def _parts(entries: Sequence[Entry], contents: Sequence[RunContent], command: str) -> list[Section]:
    """The parts of the page that the runs have something for, in order."""
    drawn = [gantt_section(ASSETS / "gantt.html"), series_section(contents)] if contents else []
    parts = [
        runs_section(entries),
        metrics_section(entries),
        comparison_section(entries),
        *drawn,
        learning_section(entries),
        platform_section(entries),
        reproduction_section(entries, command),
    ]
    return [part for part in parts if part is not None]


def _notes(entries: Sequence[Entry]) -> Html:
    """Why something is not shown."""
    lines = [f"{entry.name}: {note}" for entry in entries for note in entry.notes]
    if not lines:
        return Html()
    return section("notes", "Not shown", element("ul", *(element("li", line) for line in lines))).html


def _manifest(contents: Sequence[RunContent]) -> Html:
    """What the scripts need to know besides the data; no name in it can end the element that holds it."""
    known = known_figures(contents)
    facts = {
        "runs": [content.facts for content in contents],
        "series": [{"key": figure.key, "unit": figure.unit} for figure in known],
    }
    return Html(json.dumps(facts, separators=(",", ":")).replace("<", "\\u003c"))


def _data(place: int, content: RunContent) -> Html:
    text = Html(content.payload.text)
    return element("script", text, type="application/octet-stream", id=f"run-data-{place}")
