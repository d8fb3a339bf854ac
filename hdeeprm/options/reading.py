"""From a file or mapping to plain nested dicts and lists, with what JSON itself forbids found."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from hdeeprm.errors import OptionsError, did_you_mean
from hdeeprm.options.problems import Location, Problem, shown

MAX_DEPTH = 32  # nested deeper than any option can be
MAX_EXCERPT = 100  # characters of an offending line that a message shows


class JsonObject(dict[str, object]):
    """A JSON object that remembers which of its keys the file gives more than once."""

    repeated: tuple[str, ...] = ()

    @classmethod
    def from_pairs(cls, pairs: list[tuple[str, object]]) -> JsonObject:
        """Object of the pairs in the file's order; of a repeated key the last value stays."""
        made = cls(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _ in pairs]
            made.repeated = tuple(key for key in made if keys.count(key) > 1)
        return made


def read_json(path: Path) -> object:
    """Content of a JSON file in UTF-8, with or without a byte order mark.

    Raises:
        OptionsError: If the file cannot be read, or is not JSON; with file, line and column.
    """
    text = _read_text(path)
    try:
        return json.loads(text, object_pairs_hook=JsonObject.from_pairs)
    except json.JSONDecodeError as error:
        raise OptionsError(_syntax_message(path, text, error)) from None
    except RecursionError:
        raise OptionsError(_too_deep(str(path))) from None
    except ValueError as error:  # an integer of more digits than Python converts
        raise OptionsError(f"{path}: a number cannot be read: {error}") from None


def key_problems(data: object, label: str) -> list[Problem]:
    """Objects with keys that are not text, anywhere in the data; no option can be read from such data.

    Raises:
        OptionsError: If the data is nested too deeply to be looked through.
    """
    return [
        Problem(location, f"a key must be text; {shown(key)} was given")
        for location, node in _nodes(data, label)
        if isinstance(node, Mapping)
        for key in node
        if not _is_text(key)
    ]


def json_problems(data: object, label: str) -> Iterator[Problem]:
    """Repeated keys, numbers that are not finite and text that is not Unicode, anywhere in the data."""
    for location, node in _nodes(data, label):
        if isinstance(node, float) and not math.isfinite(node):
            yield Problem(location, f"{node!r} is not a JSON number; a finite one is wanted")
        if isinstance(node, str) and not _is_text(node):
            yield Problem(location, f"text in Unicode is wanted; {shown(node)} was given")
        if isinstance(node, JsonObject):
            for key in node.repeated:
                yield Problem((*location, key), "is given more than once; keep one")


def _nodes(data: object, label: str) -> Iterator[tuple[Location, object]]:
    """Every value of the data, however deep, with its location."""
    waiting: list[tuple[Location, object]] = [((), data)]
    while waiting:
        location, node = waiting.pop()
        if len(location) > MAX_DEPTH:
            raise OptionsError(_too_deep(label))
        yield location, node
        waiting.extend(_children(location, node))


def _children(location: Location, node: object) -> Iterator[tuple[Location, object]]:
    if isinstance(node, Mapping):
        yield from (((*location, str(key)), child) for key, child in node.items())
    elif isinstance(node, list | tuple):
        yield from (((*location, index), child) for index, child in enumerate(node))


def _is_text(value: object) -> bool:
    """Whether a value is a string that can be written as UTF-8 (lone surrogates cannot)."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _read_text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise OptionsError(f"{path}: is no regular file; name an options.json")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OptionsError(
            f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8 without changing its content"
        ) from None
    except FileNotFoundError:
        raise OptionsError(f"{path}: no such file.{_nearest_file(path)}") from None
    except IsADirectoryError:
        raise OptionsError(f"{path}: is a directory; name the options.json in it") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise OptionsError(f"{str(path)!r}: cannot be read: {reason}") from None


def _nearest_file(path: Path) -> str:
    """Offer of the file beside the missing one whose name is nearest, or nothing."""
    if not path.parent.is_dir():
        return f" The folder {str(path.parent)!r} does not exist either"
    try:
        return did_you_mean(path.name, (file.name for file in path.parent.iterdir()))
    except PermissionError:  # a folder that may be entered but not listed
        return ""


def _syntax_message(path: Path, text: str, error: json.JSONDecodeError) -> str:
    """Message with file, line and column, the offending line and a mark under the column."""
    if not text.strip():
        return f"{path}: is empty; a JSON object is wanted, {{...}}"
    line = text.split("\n")[error.lineno - 1].rstrip("\r")
    first = max(0, error.colno - 1 - MAX_EXCERPT // 2)
    excerpt = line[first : first + MAX_EXCERPT].replace("\t", " ")
    mark = " " * (error.colno - 1 - first) + "^"
    return f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}\n    {excerpt}\n    {mark}"


def _too_deep(label: str) -> str:
    return f"{label}: is nested deeper than {MAX_DEPTH} levels, which no option is"
