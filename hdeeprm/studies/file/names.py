"""Names of options: whole paths, and their last words where these are unmistakable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args

from hdeeprm.errors import did_you_mean
from hdeeprm.options import Options
from hdeeprm.options.section import Section

FREE = "agent.settings."
"""Beginning of the names that each agent defines for itself."""


@cache
def option_paths() -> dict[str, bool]:
    """Dotted path of every option, and whether it is a section with options of its own."""
    return dict(_paths(Options, ""))


def _paths(model: type[Section], above: str) -> Iterator[tuple[str, bool]]:
    for name, field in model.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        nested = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)]
        yield above + name, bool(nested)
        if nested:
            yield from _paths(nested[0], f"{above}{name}.")


def resolved(name: str) -> tuple[str, str]:
    """The whole path of a name, and what is wrong with it (empty where nothing is).

    >>> resolved("selection")
    ('env.actions.selection', '')
    """
    paths = option_paths()
    if name in paths or name.startswith(FREE):
        return name, ""
    ends = [path for path in paths if path.endswith(f".{name}")]
    if len(ends) == 1:
        return ends[0], ""
    if ends:
        return name, f"may be {' or '.join(ends)}; write the one that is meant"
    words = {path.rpartition(".")[2]: path for path in paths} | {path: path for path in paths}
    return name, f"no run has an option of this name; 'hdeeprm schema' lists them.{did_you_mean(name, words)}"


def flattened(options: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Options by their dotted paths, whether the file has them in tables or not."""
    flat: dict[str, Any] = {}
    for name, value in options.items():
        path = above + name
        is_section = option_paths().get(path, False) or path == FREE.rstrip(".")
        if isinstance(value, Mapping) and is_section:
            flat |= flattened(value, f"{path}.")
        else:
            flat[path] = value
    return flat
