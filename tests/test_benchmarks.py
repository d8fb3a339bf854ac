"""The benchmarks run and tell what the table needs; how fast anything is, no test asks."""

from __future__ import annotations

import importlib
import json
import sys
from importlib.util import find_spec
from pathlib import Path

import numba
import pytest

from hdeeprm.simulator import EmbeddedSimulator

ROOT = Path(__file__).parent.parent


@pytest.fixture
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    yield importlib.import_module("benchmarks.__main__")
    for name in [name for name in sys.modules if name.partition(".")[0] == "benchmarks"]:
        del sys.modules[name]


compiled_only = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="slow as plain Python, and tells nothing"
)
needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
needs_optuna = pytest.mark.skipif(find_spec("optuna") is None, reason="Optuna is not installed")
needs_pybatsim = pytest.mark.skipif(find_spec("batsim") is None, reason="PyBatsim is not installed")
FAMILIES = [
    *(pytest.param(name, marks=compiled_only) for name in ("decisions", "vector", "planning")),
    pytest.param("learning", marks=[compiled_only, needs_torch]),
    *(pytest.param(name, marks=[compiled_only, needs_pybatsim]) for name in ("dropin", "backend")),
    pytest.param("studies", marks=[compiled_only, needs_optuna]),
    "reading",
    "report",
]


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_have_a_value_a_unit_and_a_verdict(benchmarks, family, capsys):
    tiny = ["--only", family, "--trace", "gaia_like.swf", "--repetitions", "1", "--scale", "0.0002", "--json"]
    assert benchmarks.main(tiny) == 0
    rows = json.loads(capsys.readouterr().out)[family]
    assert rows
    for row in rows:
        assert row["value"] > 0 and row["unit"] and row["name"]
        assert (row["met"] is None) == (row["at_least"] is None and row["at_most"] is None)


def test_generated_workload_keeps_the_queue_as_long_as_asked(benchmarks):
    generated = importlib.import_module("benchmarks.generated")
    platform, pair = generated.uniform_platform(24), (1, 1)
    simulator = EmbeddedSimulator(platform, generated.queueing_workload(platform, pair, 60, 7))
    simulator.reset()
    waiting = [int(simulator.run(pair)["num_waiting"][0]) for _ in range(20)][1:]
    assert set(waiting) <= {7, 8, 9}


def test_page_has_the_command_and_a_table(benchmarks, tmp_path, capsys):
    page = tmp_path / "benchmarks.md"
    command = ["--only", "reading", "--trace", "gaia_like.swf", "--repetitions", "1", "--out", str(page)]
    benchmarks.main(command)
    text = page.read_text("utf-8")
    assert "python -m benchmarks --only reading" in text
    assert "| what | median | target | met | beside it |" in text
    assert text.count("gaia_like.swf |") == 2
