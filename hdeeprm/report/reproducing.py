"""How to make the runs again: their options, the versions they were made with, and the commands."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from hdeeprm.errors import RunDirectoryError
from hdeeprm.results.reading import RecordedRun

from .entries import Entry
from .markup import Html, Section, element, section, table


def options_text(run: RecordedRun) -> str:
    """The options.json of a run, as it is.

    Raises:
        HDeepRMError: If it is not there or does not hold options.
    """
    checked = run.options
    path = checked.folder / "options.json"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RunDirectoryError(f"{path} cannot be read: {error.strerror}") from error


def reproduction_section(entries: Sequence[Entry], command: str) -> Section:
    """Options and commands of each run, and versions of all.

    Args:
        entries: The runs.
        command: What this page was made with.
    """
    return section(
        "reproduction",
        "To make it again",
        *(_recipe(entry) for entry in entries),
        element("h3", "This page"),
        element("pre", command, tabindex=0),
        element("h3", "Versions"),
        _versions(entries),
    )


def _recipe(entry: Entry) -> Html:
    text = entry.found(options_text)
    heading = element("h3", entry.name)
    if text is None:
        return element("div", heading, element("p", "Its directory holds no options that can be read."))
    name = f"options-{entry.index}"
    download = element(
        "button", "Download options.json", type="button", data_download=name, class_="on-screen"
    )
    return element(
        "div",
        heading,
        element("pre", f"hdeeprm-launch options.json -o {shlex.quote(entry.run.name)}", tabindex=0),
        element(
            "details",
            element("summary", f"options.json of {entry.name}"),
            element("p", download),
            element("pre", text, id=name, tabindex=0),
            class_="on-paper",
        ),
    )


def _versions(entries: Sequence[Entry]) -> Html:
    found = {entry.name: values for entry in entries if (values := entry.found(lambda run: run.versions))}
    packages = dict.fromkeys(package for values in found.values() for package in values)
    rows = [[package, *(values.get(package, "-") for values in found.values())] for package in packages]
    return table("Versions of each run", ("package", *found), rows)
