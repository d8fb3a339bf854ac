"""Landscapes: their statistics against the formulas, PHOSS's files, and bad input."""

from __future__ import annotations

import json
import math
import random
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdeeprm.errors import StudyError
from hdeeprm.studies.landscapes import (
    SHAPE_NAMES,
    Shape,
    arm_losses,
    load_shape,
    new_landscape,
)

NUM_ARMS = 10_000
NUM_EPOCHS = 40
EPOCHS = (0, 1, 5, 12, 39)
SIGMAS = 5.0
"""How many standard errors a statistic may be off."""
LINES = {
    "beta0": 0.4,
    "b0std": 0.03,
    "std_start": {"mu": 0.05, "std": 0.0},
    "std_end": {"mu": 0.01, "std": 0.0},
}
"""Flat curves, far from the bounds, with noise."""


def generator(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def plain_curve(shape: Shape, rng: random.Random) -> tuple[list[float], list[float]]:
    """True and observed losses of one arm at EPOCHS, by the formulas, one number after another."""
    b0 = rng.gauss(shape.beta0, shape.b0std)
    terms = []
    for term in shape.config_list:
        b1, b2 = rng.gauss(term.beta1, term.b1std), rng.gauss(term.beta2, term.b2std)
        b3, a = rng.gauss(term.beta3, term.b3std), rng.gauss(term.alpha, term.alphastd)
        terms.append((b1, b2, b3, min(max(a, term.alpha - term.alphastd), term.alpha + term.alphastd)))
    start = abs(rng.gauss(shape.std_start.mu, shape.std_start.std))
    end = abs(rng.gauss(shape.std_end.mu, shape.std_end.std))
    true, observed = [], []
    for t in EPOCHS:
        mean = b0
        for b1, b2, b3, a in terms:
            # 0 to a power below 0 is infinite, so the term vanishes
            mean += 0.0 if t + b2 == 0 and a < 0 else b1 / ((t + b2) ** a + b3)
        sd = start + (end - start) * t / (NUM_EPOCHS - 1)
        true.append(min(max(mean, 0.0), 1.0))
        observed.append(min(max(rng.gauss(mean, sd), 0.0), 1.0))
    return true, observed


def assert_same_distribution(ours: list[float], plain: list[float]) -> None:
    """Mean and deviation agree within their standard errors."""
    deviation, error = statistics.pstdev(plain), math.sqrt(2.0 / len(plain))
    assert statistics.fmean(ours) == pytest.approx(
        statistics.fmean(plain), abs=SIGMAS * deviation * error + 1e-12
    )
    # Of a deviation the error is about half of that, and more with heavy tails.
    assert statistics.pstdev(ours) == pytest.approx(deviation, rel=SIGMAS * error, abs=1e-12)


@pytest.mark.parametrize("name", SHAPE_NAMES)
def test_shipped_shapes_are_distributed_as_the_formulas_say(name: str) -> None:
    shape = load_shape(name)
    rng = random.Random(7)
    curves = [plain_curve(shape, rng) for _ in range(NUM_ARMS)]
    landscape = new_landscape(name, NUM_ARMS, NUM_EPOCHS, generator())
    for index, epoch in enumerate(EPOCHS):
        assert_same_distribution(landscape.true[epoch].tolist(), [true[index] for true, _ in curves])
        assert_same_distribution(
            landscape.observed[epoch].tolist(), [observed[index] for _, observed in curves]
        )
        noise = landscape.observed[epoch] - landscape.true[epoch]
        assert_same_distribution(noise.tolist(), [o[index] - t[index] for t, o in curves])


@pytest.mark.parametrize(("noise", "middle"), [("linear", 0.03), ("exponential", math.sqrt(0.05 * 0.01))])
def test_noise_goes_from_the_first_to_the_last_deviation(noise: str, middle: float) -> None:
    landscape = new_landscape(LINES, NUM_ARMS, 21, generator(), noise)
    deviations = (landscape.observed - landscape.true).std(axis=1)
    tolerance = SIGMAS / math.sqrt(2 * NUM_ARMS)
    assert deviations[[0, 10, 20]] == pytest.approx([0.05, middle, 0.01], rel=tolerance)
    assert landscape.true.mean() == pytest.approx(0.4, abs=SIGMAS * 0.03 / math.sqrt(NUM_ARMS))
    assert landscape.true[0].std() == pytest.approx(0.03, rel=tolerance)
    assert np.array_equal(landscape.true[0], landscape.true[20])


def test_a_term_without_spread_is_the_formula_itself() -> None:
    term = {"beta1": 0.5, "beta2": 1.5, "beta3": 0.25, "alpha": 0.7}
    landscape = new_landscape({"beta0": 0.2, "config_list": [term, term]}, 3, 9, generator())
    expected = [0.2 + 2 * 0.5 / ((t + 1.5) ** 0.7 + 0.25) for t in range(9)]
    for arm in range(3):
        assert landscape.true[:, arm] == pytest.approx(np.clip(expected, 0, 1))
    assert np.array_equal(landscape.true, landscape.observed)


def test_the_exponent_is_clipped() -> None:
    term = {"beta1": 1.0, "beta2": 0.0, "alpha": 2.0, "alphastd": 0.5}
    at_two = new_landscape({"config_list": [term]}, NUM_ARMS, 3, generator()).true[2]
    exponents = -np.log2(at_two)
    assert exponents.min() == pytest.approx(1.5)
    assert exponents.max() == pytest.approx(2.5)
    beyond_one_deviation = 0.158655
    error = SIGMAS * math.sqrt(beyond_one_deviation / NUM_ARMS)
    assert np.mean(exponents < 1.5 + 1e-9) == pytest.approx(beyond_one_deviation, abs=error)


@pytest.mark.parametrize("name", SHAPE_NAMES)
def test_shapes_have_the_form_that_they_are_named_for(name: str) -> None:
    mean = new_landscape(name, 500, 60, generator()).true.mean(axis=1)
    falls = np.diff(mean) < 0
    least = int(mean.argmin())
    if name == "overfit":
        assert 5 < least < 30
        assert mean[-1] > mean[least] + 0.1
    elif name == "double_descent":
        turns = np.flatnonzero(falls[1:] != falls[:-1])
        assert len(turns) == 2, "down, up, down"
        assert mean[-1] < mean[turns[0] + 1] < mean[turns[1] + 1]
    else:
        assert falls.all()
        assert (mean[-1] > 0.6) == (name == "underfit")


def test_files_of_phoss_load_unchanged(tmp_path: Path) -> None:
    text = """{
        "beta0": 0.9, "b0std": 1e-2,
        "std_start": {"mu": 0.01, "std": 0.005}, "std_end": {"mu": 0.002, "std": 0.0005},
        "config_list": [
            {"beta1": -0.2, "b1std": 0, "beta2": 0.0, "b2std": 0.3, "beta3": 1.5, "b3std": 0, "alpha": -0.4,
             "alphastd": 0.05},
            {"beta1": -1e-9, "beta2": 1, "beta3": 0, "alpha": -5, "b1std": 1e-11, "b2std": 0, "b3std": 0}
        ]
    }"""
    path = tmp_path / "mine.json"
    path.write_text(text)
    shape = load_shape(str(path))
    assert shape == load_shape(path) == load_shape(json.loads(text))
    assert shape.config_list[1].alphastd == 0.0
    assert shape.config_list[0].b2std == 0.3
    landscape = new_landscape(shape, 200, 30, generator())
    for losses in (landscape.true, landscape.observed):
        assert losses.shape == (30, 200)
        assert ((losses >= 0) & (losses <= 1)).all()  # though t + b2 below 0 has no real power
    assert np.ptp(landscape.true[0]) > 0


def test_shipped_shapes_have_other_spellings() -> None:
    assert load_shape("double descent") == load_shape("Double-Descent") == load_shape("double_descent")


def test_a_seed_has_always_the_same_landscape() -> None:
    first, second = (new_landscape("default", 7, 9, generator(3)) for _ in range(2))
    assert np.array_equal(first.observed, second.observed)
    assert not np.array_equal(first.true, new_landscape("default", 7, 9, generator(4)).true)


def test_arms_of_a_seed_belong_to_one_landscape() -> None:
    landscape = new_landscape("overfit", 12, 30, generator(5))
    for arm in (0, 11):
        losses = arm_losses("overfit", arm, num_arms=12, num_epochs=30, seed=5)
        assert np.array_equal(losses.observed, landscape.observed[:, arm])
        assert np.array_equal(losses.true, landscape.true[:, arm])


def test_landscapes_load_no_library_before_it_is_needed() -> None:
    code = (
        "import sys, hdeeprm.studies.landscapes, hdeeprm.studies.pruners, hdeeprm.studies.plots.landscape;"
        "print([name for name in ('optuna', 'matplotlib', 'pandas', 'torch', 'ray') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


BAD_SHAPES: dict[str, tuple[Any, str]] = {
    "name": ("overfitt", r"'overfitt' is not known; one of default, .* Did you mean 'overfit'\?"),
    "file": ("missing.json", "missing.json: cannot be read: No such file"),
    "key": ({"beta": 1}, r"landscape: beta: unknown key; one of beta0, .* Did you mean 'beta0'\?"),
    "inner key": ({"config_list": [{"alpha_std": 1}]}, r"config_list\[0\]\.alpha_std: .*'alphastd'\?"),
    "noise key": ({"std_end": {"sd": 1}}, r"std_end\.sd: unknown key; one of mu, std\."),
    "text": ({"beta0": "1"}, r"beta0: a number is wanted; '1' was given"),
    "negative": ({"b0std": -1}, r"b0std: a number of at least 0.0 is wanted; -1"),
    "infinite": ({"beta0": math.inf}, r"beta0: a finite number is wanted; inf"),
    "list": ({"config_list": {}}, r"config_list: a list \[\.\.\.\] is wanted; an object was given"),
}


@pytest.mark.parametrize("case", BAD_SHAPES)
def test_bad_shapes_are_refused(case: str) -> None:
    spec, message = BAD_SHAPES[case]
    with pytest.raises(StudyError, match=message):
        load_shape(spec)


def test_bad_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "half.json"
    path.write_text('{"beta0": 1')
    with pytest.raises(StudyError, match=r"half\.json: is not JSON"):
        load_shape(path)
    path.write_text('{"beta0": "a", "b0std": -1, "x": 1}')
    with pytest.raises(StudyError) as caught:
        load_shape(path)
    assert len(str(caught.value).splitlines()) == 3
    path.write_text("[1]")
    with pytest.raises(StudyError, match="the file: "):
        load_shape(path)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"num_arms": 0}, r"landscape\.num_arms: a whole number of at least 1 is wanted; 0"),
        ({"num_epochs": 2.5}, r"landscape\.num_epochs: .*2\.5"),
        ({"noise": "expo"}, r"landscape\.noise: 'expo' is not allowed; linear or exponential"),
        ({"seed": -1}, r"landscape\.seed: .*-1"),
        ({"shape": "flat"}, "'flat' is not known"),
    ],
)
def test_bad_tables_are_refused(table: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        arm_losses(**table)


@pytest.mark.parametrize("arm", [-1, 5, 1.0, True])
def test_arms_that_are_not_there_are_refused(arm: Any) -> None:
    with pytest.raises(StudyError, match=r"landscape\.arm: a whole number, 0 to 4, is wanted"):
        arm_losses(arm=arm, num_arms=5)
