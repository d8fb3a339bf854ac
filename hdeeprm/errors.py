"""Every error that the package raises on purpose.

    HDeepRMError                        exit code 1
    ├── OptionsError(ValueError)        exit code 2
    ├── PlatformError(ValueError)
    ├── WorkloadError(ValueError)
    ├── AgentError(TypeError)
    │   └── TrainingDiverged
    ├── RunDirectoryError(OSError)
    │   └── JournalError
    ├── StudyError(ValueError)          exit code 2
    ├── FigureError(ValueError)         exit code 2
    ├── SimulationError(RuntimeError)
    │   └── BatsimError
    └── DependencyNotInstalled(ImportError)

A message says where, what was found, what is allowed and how to cure it.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable


class HDeepRMError(Exception):
    """Base of all errors of the package; ``exit_code`` is what the command line returns."""

    exit_code = 1


class OptionsError(HDeepRMError, ValueError):
    """Wrong, unknown or missing options; the message lists all of them, one a line."""

    exit_code = 2


class PlatformError(HDeepRMError, ValueError):
    """A platform file that describes no usable platform."""


class WorkloadError(HDeepRMError, ValueError):
    """A trace or workload that cannot be read, or that cannot run on the platform."""


class AgentError(HDeepRMError, TypeError):
    """An agent that is unknown or that acts outside the action space."""


class TrainingDiverged(AgentError):
    """A loss, gradient, weight or reward is no finite number; the message names the update."""


class RunDirectoryError(HDeepRMError, OSError):
    """A run directory that cannot be made, written or read."""


class JournalError(RunDirectoryError):
    """The journal of a study that cannot be read or written, or that another has taken the place of."""


class StudyError(HDeepRMError, ValueError):
    """A study file, or what is asked of a study, that cannot be used; one line for each thing wrong."""

    exit_code = 2


class FigureError(HDeepRMError, ValueError):
    """A figure that is unknown, has nothing to show, or cannot be shown here."""

    exit_code = 2


class SimulationError(HDeepRMError, RuntimeError):
    """The simulation cannot go on: stalled, or an invariant is broken."""


class BatsimError(SimulationError):
    """The real Batsim was not found, is of a wrong version, or died."""


class DependencyNotInstalled(HDeepRMError, ImportError):
    """An optional package is needed; the message holds the pip line that installs it."""


def not_installed(what: str, package: str, extra: str) -> DependencyNotInstalled:
    """The error that something needs an optional package, with the line that installs it.

    Args:
        what: What needs it.
        package: The package that is missing.
        extra: Extra of this package that brings it.
    """
    return DependencyNotInstalled(
        f'{what} needs {package}, which is missing; install it with: pip install "hdeeprm[{extra}]"'
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Sentence that offers the nearest known name, or an empty string where none is near.

    >>> did_you_mean("learnig", ["gaia", "learning"])
    " Did you mean 'learning'?"
    """
    nearest = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {nearest[0]!r}?" if nearest else ""


def json_path(steps: Iterable[str | int]) -> str:
    """JSON path in the usual spelling.

    >>> json_path(["clusters", 0, "nodes", 2, "number"])
    'clusters[0].nodes[2].number'
    >>> json_path(["types", "nodes", "Bullx B500-0", "memory_gb"])
    'types.nodes["Bullx B500-0"].memory_gb'
    """
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step.isidentifier():
            path += f".{step}" if path else step
        else:
            path += f"[{json.dumps(step)}]" if path else json.dumps(step)
    return path
