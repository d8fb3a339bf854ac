"""What part of a metric's differences each option accounts for."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .sources import Entry, Source

if TYPE_CHECKING:
    import optuna

MIN_RUNS = 10
"""Complete runs of a search below which its importances say nothing."""


def importances(source: Source, entries: Sequence[Entry], metric: str) -> dict[str, float]:
    """The importance of each option that differs, by its name, 0 to 1; empty where it cannot be told.

    On a grid it is the share of the metric's variance between the means of the option's values (eta squared).
    In a search, whose values are drawn, it is Optuna's PED-ANOVA, and the importances add up to 1.
    """
    known = [entry for entry in entries if not np.isnan(entry.value(metric))]
    if source.file.search:
        return _of_search(source, known, metric) if len(known) >= MIN_RUNS else {}
    names = [name for name in source.table.option_columns if _num_values(known, name) > 1]
    values = np.array([entry.value(metric) for entry in known])
    total = float(np.sum((values - values.mean()) ** 2)) if len(values) else 0.0
    if total == 0.0:
        return {}
    return {name: _between(known, values, name) / total for name in names}


def _num_values(entries: Sequence[Entry], name: str) -> int:
    return len({json.dumps(entry.row.get(name)) for entry in entries})


def _between(entries: Sequence[Entry], values: np.ndarray, name: str) -> float:
    """Sum of squares between the values of an option."""
    keys = np.array([json.dumps(entry.row.get(name)) for entry in entries])
    mean = values.mean()
    return float(sum(len(v) * (v.mean() - mean) ** 2 for v in (values[keys == key] for key in set(keys))))


def _of_search(source: Source, entries: Sequence[Entry], metric: str) -> dict[str, float]:
    import optuna

    study = _joined_study(source, entries, metric)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        return dict(optuna.importance.get_param_importances(study, evaluator=evaluator))


def _joined_study(source: Source, entries: Sequence[Entry], metric: str) -> optuna.Study:
    """One search of all runs, in which options of the grid are choices."""
    import optuna
    from optuna.distributions import CategoricalDistribution

    from hdeeprm.studies.landscapes.clock import quiet_optuna
    from hdeeprm.studies.space import distributions

    drawn = distributions(source.file.search)
    fixed = {
        name: list(dict.fromkeys(json.dumps(entry.run.point.get(name)) for entry in entries))
        for name in source.file.sets
        if name not in drawn
    }
    kinds = drawn | {name: CategoricalDistribution(values) for name, values in fixed.items()}
    with quiet_optuna():
        study = optuna.create_study(direction=source.file.direction_of(metric))
    study.add_trials(
        optuna.trial.create_trial(
            params={**entry.run.params, **{name: json.dumps(entry.run.point.get(name)) for name in fixed}},
            distributions=kinds,
            value=entry.value(metric),
        )
        for entry in entries
    )
    return study
