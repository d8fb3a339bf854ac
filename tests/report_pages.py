"""Runs for tests of the report, and what a page holds, read back without a browser."""

from __future__ import annotations

import base64
import json
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from hdeeprm.experiment import run_experiment
from hdeeprm.options import load_options
from hdeeprm.report import write_report

NEVER_CLOSED = {"meta", "input", "line", "rect", "path"}


def make_run(path: Path, num_jobs: int = 60, agent: str = "shortest-high_gflops", **options: Any) -> Path:
    """The directory of a run on Gaia."""
    content = {
        "platform_file_path": "gaia",
        "workload_file_path": "gaia_like.swf",
        "nb_jobs": num_jobs,
        "agent": {"name": agent},
    }
    run_experiment(load_options(content | options), path)
    return path


class Page(HTMLParser):
    """A page: its elements with their attributes, the text of those with ids, and whether all end."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.rows: list[list[str]] = []
        self._open: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs)
        self.elements.append((tag, given))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in NEVER_CLOSED:
            self._open.append((tag, given.get("id")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, name in self._open:
            if name:
                self.texts[name] = self.texts.get(name, "") + data
        if any(tag in ("td", "th") for tag, _ in self._open):
            self.rows[-1][-1] += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    def row(self, name: str) -> list[str]:
        """Cells of the first row that begins with a name."""
        return next(row[1:] for row in self.rows if row[0] == name)

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads(self.texts["manifest"])

    def columns(self, place: int) -> dict[str, Any]:
        """Columns of a run, unpacked as the scripts do."""
        content = zlib.decompress(base64.b64decode(self.texts[f"run-data-{place}"]))
        found, offset = {}, 0
        for name, kind, length in self.manifest["runs"][place]["columns"]:
            size = length if kind == "json" else length * int(kind[1:])
            part = content[offset : offset + size]
            found[name] = json.loads(part) if kind == "json" else np.frombuffer(part, f"<{kind}")
            assert kind == "json" or offset % int(kind[1:]) == 0
            offset += size
        assert offset == len(content)
        return found


def page_of(target: Path, *runs: Path) -> Page:
    """The report of runs."""
    write_report(runs, target, force=True)
    return Page(target.read_text(encoding="utf-8"))
