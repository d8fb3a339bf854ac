"""study.toml → ``StudyFile``: read, shortened names resolved, validated, all problems at once."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hdeeprm.errors import StudyError, did_you_mean, json_path
from hdeeprm.options.problems import WANTED, Problem, not_allowed, shown

from .checking import check
from .completing import complete
from .model import GraphiteSection, StudyFile
from .setting import assign

OF_SEARCH = ("trials", "sampler", "pruner")
"""Keys that may stand under ``[search]`` too, where a file that names the parameters first puts them."""

MOST_LEVELS = 20  # of tables and lists in each other
TOO_DEEP = f"has values that are nested more than {MOST_LEVELS} deep; make them flatter"


def load_study(path: str | Path, sets: Iterable[str] = ()) -> StudyFile:
    """The study of a file.

    Args:
        path: A study.toml.
        sets: Values that take the place of those of the file, such as ``options.nb_jobs=50``.

    Raises:
        StudyError: One line for each thing that is wrong.
    """
    return study_from(_parsed(Path(path)), Path(path), sets)


def study_from(content: Mapping[str, Any], path: Path, sets: Iterable[str] = ()) -> StudyFile:
    """The study of a file's content.

    Args:
        content: What the file holds, or would hold.
        path: Where the file is or would be; its folder is where relative paths start.
        sets: As of :func:`load_study`.

    Raises:
        StudyError: One line for each thing that is wrong.
    """
    try:
        data = _copied(content)
        for text in sets:
            assign(data, text)
        problems: list[Problem] = [*_value_problems(data, ())]
        _lift_search_keys(data)
        file, of_names = complete(_modelled(data, problems).located(path))
        problems += of_names
        problems += check(file, is_sound=not problems)
    except RecursionError:
        raise StudyError(f"{path}: {TOO_DEEP}") from None
    if problems:
        raise StudyError(_report(problems, path))
    return file


def _copied(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with tables of its own, so that none of the caller's is changed."""
    return {key: _copied(value) if isinstance(value, Mapping) else value for key, value in content.items()}


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{path}: not TOML: {error}") from None
    except RecursionError:
        raise StudyError(f"{path}: {TOO_DEEP}") from None
    except UnicodeDecodeError as error:
        raise StudyError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except FileNotFoundError:
        raise StudyError(f"{path}: no such file.{_nearest_file(path)}") from None
    except IsADirectoryError:
        raise StudyError(f"{path}: is a directory; name the study file, such as {path}.toml") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StudyError(f"{str(path)!r}: cannot be read: {reason}") from None


def _nearest_file(path: Path) -> str:
    if not path.parent.is_dir():
        return f" The folder {str(path.parent)!r} does not exist either"
    return did_you_mean(path.name, (file.name for file in path.parent.glob("*")))


def _lift_search_keys(data: dict[str, Any]) -> None:
    """Take the search's own settings out from among its parameters."""
    search = data.get("search")
    if not isinstance(search, dict):
        return
    for key in OF_SEARCH:
        value = search.get(key)
        is_parameter = isinstance(value, list) or (isinstance(value, Mapping) and "name" not in value)
        if key in search and not is_parameter:
            data.setdefault(key, search.pop(key))


def _modelled(data: Mapping[str, Any], problems: list[Problem]) -> StudyFile:
    """The file; what the model does not accept is added to the problems and left out."""
    try:
        return StudyFile.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            location = tuple(part for part in detail["loc"] if not _is_branch(part))
            if all(location != problem.location for problem in problems):
                problems.append(Problem(location, _text_of(detail)))
        wrong = {detail["loc"][0] for detail in error.errors(include_url=False)}
        return StudyFile.model_validate({key: value for key, value in data.items() if key not in wrong})


def _is_branch(part: object) -> bool:
    """Whether a part of a location is the branch of a union, which is not in the file."""
    return isinstance(part, str) and ("[" in part or part == "str")


def _text_of(detail: ErrorDetails) -> str:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        *section, key = map(str, detail["loc"])
        allowed = tuple((GraphiteSection if section else StudyFile).model_fields)
        return f"unknown key; one of {', '.join(allowed)}.{did_you_mean(key, allowed)}"
    if kind == "literal_error":
        return not_allowed(value, ("minimize", "maximize"))
    if kind == "missing":
        return "is required"
    wanted = WANTED.get(kind, {"list_type": "a list [...]"}.get(kind, "another value"))
    wanted = wanted.format(**context).replace("an object {...}", "a table")
    return f"{wanted} is wanted; {_named(value)} was given"


def _named(value: object) -> str:
    return shown(value).replace("an object", "a table")


def _value_problems(node: object, location: tuple[str | int, ...]) -> Iterator[Problem]:
    """Numbers that are not finite, which TOML knows and options do not, dates, NUL, and endless nesting."""
    if len(location) > MOST_LEVELS:
        yield Problem(location[:2], TOO_DEEP)
    elif isinstance(node, Mapping | list):
        pairs = node.items() if isinstance(node, Mapping) else enumerate(node)
        for key, child in pairs:
            yield from _value_problems(child, (*location, cast("str | int", key)))
    elif isinstance(node, str) and "\0" in node:
        yield Problem(location, "text without NUL is wanted, which no program, file or seed could have")
    elif isinstance(node, float) and not math.isfinite(node):
        yield Problem(location, f"a finite number is wanted; {node} was given")
    elif not isinstance(node, str | int | float | None):
        yield Problem(location, f"text or a number is wanted; {shown(node)} was given")


def _report(problems: list[Problem], path: Path) -> str:
    """One line for each location."""
    first_of = {problem.location: problem for problem in reversed(problems)}
    order = {problem.location: index for index, problem in enumerate(problems)}
    chosen = sorted(first_of.values(), key=lambda problem: order[problem.location])
    return "\n".join(
        ": ".join(filter(None, (str(path), json_path(problem.location), problem.text))) for problem in chosen
    )
