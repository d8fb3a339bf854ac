"""Studies from Python: what is imported, files that are written, what the environment says."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("optuna")

from hdeeprm.cli import main
from hdeeprm.errors import StudyError
from hdeeprm.studies import Study
from hdeeprm.studies.driver import prepared
from hdeeprm.studies.loading import load_object
from hdeeprm.studies.queue import Status
from hdeeprm.studies.queue.taking import Taker
from hdeeprm.studies.runs.expression import evaluated
from hdeeprm.studies.sampling import sampled_study
from hdeeprm.studies.space import MOST_RUNS
from hdeeprm.studies.writing import MARK
from study_files import write


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "losses.py").write_text("def double(options):\n    return 2 * options['x']\n")
    return tmp_path


# What a file does that is imported


@pytest.mark.parametrize("name", ["twice.py:twice", "twice:twice"])
def test_a_study_that_a_worker_reaches_writes_nothing(folder: Path, name: str) -> None:
    """What is at fault may have changed since the study was begun: the worker itself refuses it."""
    sound = "def twice(options):\n    return 2 * options['x']\n"
    write(folder, sound, "twice.py")
    path = write(folder, f'run = "{name}"\n[grid]\nx = [1]\n')
    Study(path).run("local", workers=1, limit=1)
    write(
        folder,
        "from hdeeprm.studies import Study\n" + sound + "Study(run=twice, points=[{'x': 1}])\n",
        "twice.py",
    )
    write(folder, f'run = "{name}"\n[grid]\nx = [1, 2]\n')
    done = subprocess.run(
        [sys.executable, "-m", "hdeeprm", "study", "worker", str(path)], capture_output=True, text=True
    )
    assert done.returncode == 2 and "is reached while twice" in done.stderr, done.stderr
    assert not (folder / "twice.toml").exists() and not (folder / "twice").exists()


@pytest.mark.parametrize("what", ["run(workers=0)", "ask()", "tell(0, 1.0)"])
def test_nothing_of_a_study_is_done_while_a_file_is_imported(folder: Path, what: str) -> None:
    path = write(folder, 'run = "losses.py:double"\n[grid]\nx = [1]\n')
    write(folder, f"from hdeeprm.studies import Study\nf = None\nStudy({str(path)!r}).{what}\n", "eager.py")
    method = what.partition("(")[0]
    with pytest.raises(StudyError, match=rf"run: 'eager.py:f': Study.{method}\(\) is reached while eager.py"):
        load_object("run", "eager.py:f", folder)
    assert not (folder / "study").exists()
    Study(path).run(workers=0)  # once nothing is imported
    assert Study(path).missing == {}


def test_an_error_within_what_is_imported_is_told_as_it_is(folder: Path) -> None:
    write(folder, "import json\njson.nothing\n", "broken.py")
    with pytest.raises(StudyError, match="cannot be imported: AttributeError: module 'json' has no"):
        load_object("run", "broken.py:f", folder)
    with pytest.raises(StudyError, match=r"no\.txt\.py'$"):
        load_object("run", "no.txt.py:f", folder)


def test_a_function_of_a_package_keeps_its_name(folder: Path) -> None:
    import statistics
    from email import utils

    assert MARK in Path(Study("a.toml", run=utils.formatdate, grid={"x": [1]}).path).read_text()
    assert 'run = "email.utils:formatdate"' in Path("a.toml").read_text()
    Study("b.toml", run=statistics.fmean, grid={"x": [1]})
    assert f'run = "{statistics.__file__}:fmean"' in Path("b.toml").read_text()


# Files that are written


def test_a_file_of_the_users_own_is_not_written_over(folder: Path) -> None:
    text = 'run = "losses.py:double"\n# mine\n[grid]\nx = [1]\n'
    path = write(folder, text)
    with pytest.raises(StudyError, match=r"study.toml: is there, was not written by Study, .* Study\('other"):
        Study(path, run="losses.py:double", grid={"x": [1, 2]})
    assert path.read_text() == text
    Study("other.toml", run="losses.py:double", grid={"x": [1]})
    study = Study("other.toml", run="losses.py:double", grid={"x": [1, 2]})
    study.run(workers=0)
    assert Path("other.toml").read_text().startswith(f"{MARK}\nrun = ") and len(study.runs) == 2
    assert Study("other.toml").file.grid == {"x": [1, 2]}


def test_a_range_that_is_far_too_long_is_never_made_a_list(folder: Path) -> None:
    with pytest.raises(
        StudyError, match=r"range\(0, 10000000000\) has 10,000,000,000 values; a study has at"
    ):
        Study("s.toml", run="losses.py:double", seeds=range(10**10))
    with pytest.raises(StudyError, match=f"1,002,001 runs are asked for; a study has at most {MOST_RUNS:,}"):
        Study("s.toml", run="losses.py:double", grid={"x": range(1001), "y": range(1001)})
    assert not Path("s.toml").exists()


# What the environment says


def test_the_environment_comes_before_the_arguments(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = Study("s.toml", run="losses.py:double", grid={"x": [1, 2, 3]})
    monkeypatch.setenv("HDEEPRM_STUDY_LIMIT", "1")
    study.run(workers=0, limit=2)
    assert len(study.missing) == 2
    monkeypatch.setenv("HDEEPRM_STUDY_LIMIT", "")
    monkeypatch.setenv("HDEEPRM_STUDY_WORKERS", "0")
    study.run("local", workers=2)
    assert study.missing == {} and list(study.folder.glob("worker-*.log")) == []
    monkeypatch.setenv("HDEEPRM_STUDY_ANEW", "yes")
    study.run()
    assert Path("s-1").is_dir()
    monkeypatch.setenv("HDEEPRM_STUDY_SET", "options.y=5 seeds=[7]")
    changed = Study("s.toml", sets=["options.y=6"]).file
    assert changed.options == {"y": 5} and changed.seeds == [7]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("WORKERS", "two", "HDEEPRM_STUDY_WORKERS: 'two' was given; a whole number is wanted"),
        ("LIMIT", "0", "limit: 0 would run nothing"),
        ("RETRY", "faild", "retry: 'faild' is not known; one of failed, pruned, unknown. Did you mean"),
        ("ANEW", "perhaps", "HDEEPRM_STUDY_ANEW: 'perhaps' was given; one of 1, true"),
        ("ON", "lokal", "on: 'lokal' is not known"),
    ],
)
def test_wrong_values_of_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    study = Study("s.toml", run="losses.py:double", grid={"x": [1]})
    monkeypatch.setenv(f"HDEEPRM_STUDY_{name}", value)
    with pytest.raises(StudyError) as raised:
        study.run()
    assert message in str(raised.value) and not study.folder.exists()


# Ask and tell


@pytest.mark.parametrize(
    ("told", "metrics"),
    [
        (['{"cost": 1, "time": 2.5, "name": "n"}'], {"cost": 1, "time": 2.5, "name": "n"}),
        (["{", '"cost": 1,', '"time": 2}'], {"cost": 1, "time": 2}),
        (["1", "2.5"], {"cost": 1.0, "time": 2.5}),
    ],
)
def test_metrics_are_told_by_name_or_in_order(
    folder: Path, told: list[str], metrics: dict[str, object]
) -> None:
    path = write(folder, 'run = "losses.py:double"\nmetric = ["cost", "time"]\n[grid]\nx = [1]\n')
    assert Study(path).ask() is not None
    assert main(["study", "tell", str(path), "0", *told]) == 0
    assert Study(path).runs[0].metrics == metrics


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ('{"los": 1}', "metric: the run returned no 'loss'; it returned los. Did you mean 'los'?"),
        ('{"loss": NaN}', "metric: 'loss' is nan; a finite number is wanted"),
        ('{"loss": "low"}', "metric: 'loss' is 'low'; a number is wanted"),
        ('{"loss": true}', "metric: 'loss' is True; a number is wanted"),
        ('{"loss": 1', "is no object of JSON: Expecting"),
        ('{"loss": ' + "[" * 100_000, "is no object of JSON: "),
        ("faild", "neither a number, metrics as JSON, nor one of failed, pruned. Did you mean 'failed'?"),
    ],
)
def test_what_cannot_be_told(
    folder: Path, told: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(folder, 'run = "losses.py:double"\nmetric = "loss"\n[grid]\nx = [1]\n')
    Study(path).ask()
    assert main(["study", "tell", str(path), "0", told]) == 2
    assert message in capsys.readouterr().err
    assert Study(path).runs[0].status is Status.RUNNING


# Expressions


@pytest.mark.parametrize(
    "expression", ["(-8) ** (1/3)", "abs((0 - 2) ** 0.5)", "(-time) ** 0.5 + (-1) ** 0.5"]
)
def test_expressions_have_real_values(expression: str) -> None:
    with pytest.raises(StudyError, match=r"cannot be computed: -\d \^ 0.[35]\d* is no real number"):
        evaluated(expression, {"time": 4.0})


def test_long_expressions_are_no_deep_ones() -> None:
    assert evaluated("+".join(["time"] * 150), {"time": 2.0}) == 300.0


# Samplers


def test_a_sequence_draws_without_needless_warnings(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Two workers have each taken a run, and the later one is sampled first."""
    keys = {"search": {"x": {"low": 0.0, "high": 1.0}, "y": {"low": 0.0, "high": 1.0}}}
    file = Study("s.toml", run="losses.py:double", sampler="qmc", trials=2, **keys).file
    queue = prepared(file)
    first, second = (Taker(queue, f"local:n:{k}:1").take() for k in range(2))
    assert first is not None and second is not None
    with caplog.at_level(logging.WARNING):
        drawn = [sampled_study(file, queue, trial)[1] for trial in (second, first)]
        logging.getLogger("optuna.samplers._qmc").warning("another one")
    assert {record.getMessage() for record in caplog.records} == {"another one"}
    assert all(set(params) == {"x", "y"} for params in drawn)


# How many workers


@pytest.mark.parametrize(
    ("on", "keys", "workers", "given"),
    [
        ("slurm", {}, None, "none was given"),
        ("slurm", {}, -1, "-1 was given, which counts CPUs of this machine"),
        ("slurm", {"workers": -2}, None, "-2 was given"),
        ("ray", {"ray": {"address": "auto"}}, None, "none was given"),
    ],
)
def test_cpus_of_this_machine_are_no_measure_of_others(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    on: str,
    keys: dict[str, object],
    workers: int | None,
    given: str,
) -> None:
    from hdeeprm.studies.driver import Orders, wanted_workers

    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    file = Study("s.toml", run="losses.py:double", grid={"x": [1]}, **keys).file
    with pytest.raises(StudyError, match=f"workers: {given}.*; on {on} say how many, such as --workers 8"):
        wanted_workers(file, Orders(workers), on)
    assert wanted_workers(file, Orders(3), on) == 3


def test_tasks_of_an_allocation_are_workers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hdeeprm.studies.driver import Orders, wanted_workers

    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURM_NTASKS", "5")
    file = Study("s.toml", run="losses.py:double", grid={"x": [1]}).file
    assert wanted_workers(file, Orders(), "slurm") == 5


# Classes of one's own


def test_samplers_and_pruners_may_lie_beside_the_study(folder: Path) -> None:
    write(
        folder,
        """
        from optuna.pruners import BasePruner
        from optuna.samplers import RandomSampler

        class Mine(RandomSampler):
            pass

        class Never(BasePruner):
            def prune(self, study, trial):
                return False
        """,
        "own.py",
    )
    keys = {"search": {"x": {"low": 0.0, "high": 1.0}}, "trials": 3}
    study = Study("s.toml", run="losses.py:double", sampler="own.py:Mine", pruner="own.py:Never", **keys)
    study.run("local", workers=1)
    assert {run.status for run in study.runs.values()} == {Status.COMPLETE}
    with pytest.raises(
        StudyError, match=r"sampler: 'own.py:Min': own.py has no 'Min'. Did you mean 'Mine'\?"
    ):
        Study("t.toml", run="losses.py:double", sampler="own.py:Min", **keys)
    with pytest.raises(StudyError, match=r"pruner: 'own\.py:Mine' makes no pruner"):
        Study("t.toml", run="losses.py:double", pruner="own.py:Mine", **keys)
