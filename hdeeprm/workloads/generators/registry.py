"""The models by name, each with its paper, its own parameters and a fit to a trace."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from hdeeprm.errors import WorkloadError, did_you_mean
from hdeeprm.workloads.generators.cirne import CirneModel, fit_cirne
from hdeeprm.workloads.generators.drawing import WorkloadModel
from hdeeprm.workloads.generators.jann import JannModel, fit_jann
from hdeeprm.workloads.generators.lublin import LublinModel
from hdeeprm.workloads.generators.lublin_fit import fit_lublin
from hdeeprm.workloads.generators.sample import TraceSample

FITTED = "fitted.json"
"""Parameters for models whose published tables are not at hand: fits to a log that it names."""


@dataclass(frozen=True)
class ModelFamily:
    """One model: where it was published, and how its parameters are come by."""

    paper: str
    origin: str  # of the parameters that ``default`` gives, for the header of a trace
    default: Callable[[], WorkloadModel]
    fit: Callable[[TraceSample], WorkloadModel]


def model_family(name: str) -> ModelFamily:
    """The model of that name.

    Raises:
        WorkloadError: If there is none.
    """
    if name not in MODELS:
        hint = did_you_mean(name, MODELS)
        raise WorkloadError(f"model: {name!r} is not known; allowed: {', '.join(MODELS)}.{hint}")
    return MODELS[name]


@cache
def _fitted() -> Any:
    return json.loads(files(__package__).joinpath(FITTED).read_text("utf-8"))


_FITTED_ORIGIN = "parameters fitted by HDeepRM to 3,145 jobs of the log HPC2N-2002 (A. Sandgren)"

MODELS: Mapping[str, ModelFamily] = {
    "lublin": ModelFamily(
        "the model of Lublin and Feitelson, JPDC 63(11), 2003", "", LublinModel, fit_lublin
    ),
    "jann": ModelFamily(
        "the model of Jann et al., JSSPP 1997",
        _FITTED_ORIGIN,
        lambda: JannModel.from_parameters(_fitted()["jann"]),
        fit_jann,
    ),
    "cirne": ModelFamily(
        "the model of Cirne and Berman, WWC-4, 2001",
        _FITTED_ORIGIN,
        lambda: CirneModel.from_parameters(_fitted()["cirne"]),
        fit_cirne,
    ),
}
