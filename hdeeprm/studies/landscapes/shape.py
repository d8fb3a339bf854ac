"""The shape of a landscape: how the loss curves of its arms are distributed; read from PHOSS's JSON files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, NonNegativeFloat, ValidationError
from pydantic_core import ErrorDetails

from hdeeprm.errors import StudyError, did_you_mean, json_path
from hdeeprm.options.problems import WANTED, shown

_FOLDER = Path(__file__).parent / "shapes"
OF_SHAPES = {"tuple_type": "a list [...]"}
"""What is wanted by a kind of problem that other options do not have."""
SHAPE_NAMES = ("default", "overfit", "underfit", "double_descent")

ShapeSpec: TypeAlias = "str | Path | Mapping[str, Any] | Shape"
"""The name of a shipped shape, a JSON file, its content, or a shape itself."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Normal(_Part):
    """A normal distribution."""

    mu: FiniteFloat = 0.0
    std: NonNegativeFloat = 0.0


class Term(_Part):
    """One term b1 / ((t + b2)^a + b3) of a loss curve; each of the four is drawn once for every arm."""

    beta1: FiniteFloat = 0.0
    b1std: NonNegativeFloat = 0.0
    beta2: FiniteFloat = 0.0
    b2std: NonNegativeFloat = 0.0
    beta3: FiniteFloat = 0.0
    b3std: NonNegativeFloat = 0.0
    alpha: FiniteFloat = 0.0
    alphastd: NonNegativeFloat = 0.0


class Shape(_Part):
    """Distributions of the loss curves of a landscape; what is not given is 0."""

    beta0: FiniteFloat = 0.0
    b0std: NonNegativeFloat = 0.0
    std_start: Normal = Normal()
    std_end: Normal = Normal()
    config_list: tuple[Term, ...] = Field(default=(), strict=False)


def load_shape(spec: ShapeSpec) -> Shape:
    """The shape that a specification stands for.

    Args:
        spec: One of ``SHAPE_NAMES``, the path of a JSON file (it ends in ``.json``), its content, or a shape.

    Raises:
        StudyError: If there is no such shape, or its file is wrong; all that is wrong is named.
    """
    if isinstance(spec, Shape):
        return spec
    if isinstance(spec, Mapping):
        return _checked(spec, "landscape")
    if isinstance(spec, str) and not spec.endswith(".json"):
        return _shipped(spec)
    return _read(Path(spec))


def _shipped(name: str) -> Shape:
    known = name.casefold().replace(" ", "_").replace("-", "_")
    if known not in SHAPE_NAMES:
        nearest = did_you_mean(known, SHAPE_NAMES)
        raise StudyError(
            f"landscape: {name!r} is not known; one of {', '.join(SHAPE_NAMES)}, or a .json file.{nearest}"
        )
    return _read_once(known)


@cache
def _read_once(name: str) -> Shape:
    return _read(_FOLDER / f"{name}.json")


def _read(path: Path) -> Shape:
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}; name a landscape's JSON file") from None
    except ValueError as error:
        raise StudyError(f"{path}: is not JSON: {error}; correct it") from None
    return _checked(tree, str(path))


def _checked(tree: object, where: str) -> Shape:
    try:
        return Shape.model_validate(tree)
    except ValidationError as error:
        lines = [f"{where}: {_line(problem)}" for problem in error.errors()]
    raise StudyError("\n".join(lines))


def _line(problem: ErrorDetails) -> str:
    """What is wrong at one place."""
    location = problem["loc"]
    place = json_path(location) or "the file"
    kind, value = problem["type"], problem["input"]
    if kind != "extra_forbidden":
        wanted = (WANTED | OF_SHAPES).get(kind, "another value").format(**problem.get("ctx", {}))
        return f"{place}: {wanted} is wanted; {shown(value)} was given"
    names = _allowed(location)
    key = str(location[-1])
    return f"{place}: unknown key; one of {', '.join(names)}.{did_you_mean(key, names)}"


def _allowed(location: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that an object may have, by the place of one of them."""
    if len(location) == 1:
        return tuple(Shape.model_fields)
    return tuple(Term.model_fields if location[0] == "config_list" else Normal.model_fields)
