"""Who picks the options of a search: Optuna's samplers by name, or a class of one's own."""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import DependencyNotInstalled, StudyError, did_you_mean

from .loading import load_object
from .needs import load_optuna
from .text import said

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

SAMPLERS: dict[str, tuple[str, dict[str, Any]]] = {
    "random": ("RandomSampler", {}),
    "tpe": ("TPESampler", {}),
    "tpe-multivariate": ("TPESampler", {"multivariate": True}),
    "gp": ("GPSampler", {}),
    "cma": ("CmaEsSampler", {}),
    "nsga2": ("NSGAIISampler", {}),
    "qmc": ("QMCSampler", {}),
}
"""Optuna's class of each name, and the arguments that make it so."""
FORMER_NAMES = {
    "optuna_tpe": "tpe",
    "optuna_tpe_multivariate": "tpe-multivariate",
    "optuna_skopt": "gp",
    "hyperopt": "tpe",
}
"""Names of EM-HPO, and what is today's equal."""
NAMES = (*SAMPLERS, *FORMER_NAMES)
NEEDS = {"gp": "torch", "cma": "cmaes"}
"""Packages that a sampler needs besides Optuna."""


def new_sampler(spec: str | Mapping[str, Any], seed: int, folder: Path | None = None) -> BaseSampler:
    """The sampler of a name or of a table with the name and arguments.

    Args:
        spec: As the study file has it.
        seed: Of its random draws; one given among the arguments is added to it, so that it changes them all.
        folder: Of the study file, where a class of one's own is looked for first.

    Raises:
        StudyError: If there is none of this name, or it refuses its arguments.
        DependencyNotInstalled: If a package is missing.
    """
    optuna = load_optuna()
    arguments = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = FORMER_NAMES.get(str(arguments.get("name")), arguments.pop("name", None))
    kind, known = _kind(name, folder)
    allowed = tuple(inspect.signature(kind).parameters)
    if "seed" in allowed:
        known = {**known, **_seeds(kind, seed, arguments.pop("seed", 0))}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler: BaseSampler = kind(**{**known, **arguments})
    except ImportError as error:
        package = NEEDS.get(str(name), getattr(error, "name", None) or "a package")
        extra = "learn" if package == "torch" else "study"
        raise DependencyNotInstalled(
            f'sampler: {name!r} needs {package}: pip install "hdeeprm[{extra}]"'
        ) from error
    except Exception as error:  # a class of the user's own may fail in any way
        listed = ", ".join(allowed) or "none"
        text = f"sampler: {name!r} refuses its arguments: {said(error)}; it has {listed}"
        raise StudyError(text) from error
    return sampler


def is_of_one_sequence(kind: type) -> bool:
    """Whether all runs of a study have points of one sequence, rather than draws of their own."""
    import optuna

    return issubclass(kind, optuna.samplers.QMCSampler)


@contextmanager
def one_sequence() -> Iterator[None]:
    """Points of a sequence are drawn within without a warning that is wrong here.

    Optuna takes runs that others have taken and not sampled yet for a sign that parameters depend on each
    other, which no study file can say.
    """
    logger = logging.getLogger("optuna.samplers._qmc")
    logger.addFilter(_is_needed)
    try:
        yield
    finally:
        logger.removeFilter(_is_needed)


def _is_needed(record: logging.LogRecord) -> bool:
    return "does not include any conditions" not in record.getMessage()


def _seeds(kind: Any, seed: int, own: object) -> dict[str, Any]:
    """Arguments that seed a sampler; those of one sequence have the same seed for all runs."""
    import optuna

    if isinstance(own, bool) or not isinstance(own, int):
        raise StudyError(f"sampler: seed = {own!r} was given; a whole number is wanted")
    drawn = (seed + own) % 2**32
    if isinstance(kind, type) and is_of_one_sequence(kind):
        return {"seed": own % 2**32, "independent_sampler": optuna.samplers.RandomSampler(seed=drawn)}
    return {"seed": drawn}


def _kind(name: object, folder: Path | None) -> tuple[Any, dict[str, Any]]:
    """The class of a name, and its arguments."""
    import optuna

    if not isinstance(name, str):
        raise StudyError(f"sampler: a name is wanted, one of {', '.join(NAMES)}")
    if ":" in name:
        return _own_kind(name, folder), {}
    if name not in SAMPLERS:
        raise StudyError(
            f"sampler: {name!r} is not known; one of {', '.join(NAMES)}, or 'module:Class'."
            f"{did_you_mean(name, NAMES)}"
        )
    kind, arguments = SAMPLERS[name]
    return getattr(optuna.samplers, kind), arguments


def _own_kind(name: str, folder: Path | None) -> type[BaseSampler]:
    from optuna.samplers import BaseSampler

    kind = load_object("sampler", name, folder)
    if not (isinstance(kind, type) and issubclass(kind, BaseSampler)):
        raise StudyError(f"sampler: {name!r} is no sampler; derive it from optuna.samplers.BaseSampler")
    return kind
