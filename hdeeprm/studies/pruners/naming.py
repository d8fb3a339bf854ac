"""From what a study file says to a pruner: a name, a class, or a table with arguments."""

from __future__ import annotations

import importlib.util
import inspect
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from hdeeprm.errors import DependencyNotInstalled, StudyError, did_you_mean
from hdeeprm.studies.loading import load_object
from hdeeprm.studies.text import said

if TYPE_CHECKING:
    from optuna.pruners import BasePruner

_CLASSES = {
    "none": "optuna.pruners:NopPruner",
    "asha": "hdeeprm.studies.pruners.asha:AshaPruner",
    "sha": "optuna.pruners:SuccessiveHalvingPruner",
    "hyperband": "optuna.pruners:HyperbandPruner",
    "median": "optuna.pruners:MedianPruner",
    "wilcoxon": "optuna.pruners:WilcoxonPruner",
    "pbt": "hdeeprm.studies.pruners.pbt:PbtPruner",
}
PRUNER_NAMES = tuple(_CLASSES)
DIRECTIONS = ("minimize", "maximize")

PrunerSpec: TypeAlias = "str | Mapping[str, Any] | BasePruner"
"""A name, ``"module:Class"`` or ``"file.py:Class"``, a table with ``name`` and arguments, or a pruner."""


def new_pruner(
    spec: PrunerSpec, direction: str | Sequence[str] = "minimize", folder: Path | None = None
) -> BasePruner:
    """The pruner that a specification stands for.

    ``"none"`` becomes a pruner that never stops a run, since Optuna takes None for its median pruner.

    Args:
        spec: One of ``PRUNER_NAMES``, ``"module:Class"``, a table such as ``{"name": "asha", "max_t": 100}``,
            or a pruner, which is returned.
        direction: ``"minimize"`` or ``"maximize"``, or one for each metric; only one metric can be pruned by.
        folder: Of the study file, where a class of one's own is looked for first.

    Raises:
        StudyError: If the name, an argument or the direction is not allowed; all wrong arguments are named.
        DependencyNotInstalled: If Optuna is missing.
    """
    if importlib.util.find_spec("optuna") is None:
        raise DependencyNotInstalled('pruner: needs Optuna; pip install "hdeeprm[study]"')
    from optuna.pruners import BasePruner

    _check_direction(spec, direction)
    if isinstance(spec, BasePruner):
        return spec
    name, arguments = _split(spec)
    make = _class_of(name, folder)
    _check_arguments(name, make, arguments)
    pruner = _made(name, make, arguments)
    if not isinstance(pruner, BasePruner):
        raise StudyError(f"pruner: {name!r} makes no pruner; derive its class from optuna.pruners.BasePruner")
    return pruner


def _check_direction(spec: object, direction: str | Sequence[str]) -> None:
    directions = [direction] if isinstance(direction, str) else list(direction)
    for word in directions:
        if word not in DIRECTIONS:
            nearest = _nearest(word, DIRECTIONS)
            raise StudyError(f"direction: {word!r} is not allowed; one of {_listed(DIRECTIONS)}.{nearest}")
    if len(directions) > 1 and spec not in ("none", {"name": "none"}):
        raise StudyError(
            'pruner: runs are pruned by one metric only; set pruner = "none", or keep one metric'
        )


def _split(spec: object) -> tuple[str, dict[str, Any]]:
    """Name and arguments of a specification."""
    table = dict(spec) if isinstance(spec, Mapping) else {"name": spec}
    if "name" not in table:
        raise StudyError(f"pruner: the table lacks its name; add name = one of {_listed(PRUNER_NAMES)}")
    name = table.pop("name")
    if not isinstance(name, str):
        raise StudyError(f"pruner: {name!r} is no name; one of {_listed(PRUNER_NAMES)}, or 'module:Class'")
    return name, table


def _class_of(name: str, folder: Path | None) -> Callable[..., Any]:
    if name not in _CLASSES and ":" not in name:
        raise StudyError(
            f"pruner: {name!r} is not known; one of {_listed(PRUNER_NAMES)}, or 'module:Class'."
            f"{_nearest(name, PRUNER_NAMES)}"
        )
    made: Callable[..., Any] = (
        load_object("pruner", _CLASSES[name]) if name in _CLASSES else load_object("pruner", name, folder)
    )
    if not callable(made):
        raise StudyError(f"pruner: {name!r} is a {type(made).__name__}, no class")
    return made


def _check_arguments(name: str, make: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that the class does not take, all at once."""
    try:
        parameters = inspect.signature(make).parameters
    except ValueError:  # some classes do not say
        return
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    allowed = _listed(parameters) or "none"
    lines = [
        f"pruner.{key}: unknown argument of {name}; allowed: {allowed}.{_nearest(key, parameters)}"
        for key in arguments
        if key not in parameters
    ]
    lines += [
        f"pruner.{key}: is required by {name}; add it"
        for key, parameter in parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind is not parameter.VAR_POSITIONAL
        and key not in arguments
    ]
    if lines:
        raise StudyError("\n".join(lines))


def _made(name: str, make: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    from optuna.exceptions import ExperimentalWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return make(**arguments)
    except StudyError:
        raise
    except Exception as error:  # a class of the user's own may fail in any way
        given = ", ".join(f"{key} = {value!r}" for key, value in arguments.items())
        raise StudyError(f"pruner: {name} refuses {given or 'no arguments'}: {said(error)}") from error


def _nearest(word: str, known: Iterable[str]) -> str:
    """Offer of the nearest name, whatever the case of its letters."""
    names = list(known)
    return did_you_mean(word, names) or did_you_mean(word.casefold(), names)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
