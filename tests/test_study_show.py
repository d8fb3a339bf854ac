"""``hdeeprm study show``: what was run is what is shown, to whoever may read it, whatever runs wrote."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.cli import main
from hdeeprm.errors import StudyError
from hdeeprm.studies import Study
from hdeeprm.studies.driver import prepared
from hdeeprm.studies.file import load_study
from hdeeprm.studies.queue import Status
from hdeeprm.studies.results import grouped, table_of
from hdeeprm.studies.text import one_line
from study_files import run_of, write
from waiting import PATIENCE

pytest.importorskip("optuna")

FUNCTION = r"""
def f(options):
    if options["x"] == 2:
        raise ValueError("first\nsecond \x1b[31mred\x1b[0m \udcff " + "long " * 1000)
    return {"loss": options["x"] / 3, "seconds": 7.5, "more": float("nan")}
"""
GRID = 'run = "f.py:f"\nmetric = "loss"\n[options]\nfixed = 5\n[grid]\nx = [3, 1, 2]\n'
READ_ONLY = """
import os, sys
folder, *words = sys.argv[1:]

def refuse(event, arguments):
    writes = event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    changes = event in {"os.mkdir", "os.symlink", "os.rename", "os.remove", "os.truncate", "os.utime"}
    if (writes or changes) and any(str(place).startswith(folder) for place in arguments):
        raise PermissionError(13, "Permission denied", str(arguments[0]))

may = os.access
os.access = lambda path, mode: not (mode & os.W_OK and str(path).startswith(folder)) and may(path, mode)
sys.addaudithook(refuse)
from hdeeprm.cli import main
sys.exit(main(["study", *words]))
"""
"""The command line in a process for which a folder is read-only, as it is for no superuser otherwise."""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study of three runs that are over, one of which failed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.py").write_text(FUNCTION)
    path = write(tmp_path, GRID)
    Study(path).run(workers=0)
    return path


def shown(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    capsys.readouterr()
    assert main(["study", "show", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_what_is_sorted_by_is_shown(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "worker" not in shown(capsys, path)
    assert "┃ worker" in shown(capsys, path, "--sort=-worker")


def test_a_metric_that_is_asked_for_is_shown(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("many.py").write_text("def f(options):\n    return {name: 1 for name in 'abcdefgh'}\n")
    study = Study("many.toml", run="many.py:f", grid={"x": [1]}, metric="a")
    study.run(workers=0)
    assert "┃ h " not in shown(capsys, study.path)
    assert "┃ h " in shown(capsys, study.path, "--metric", "h") and "┃ h " in shown(
        capsys, study.path, "--sort=-h"
    )


# What was run


@pytest.mark.parametrize("text", [GRID.replace("fixed = 5", "fixed = 6"), GRID.replace("fixed = 5", "")])
def test_the_best_has_the_options_that_it_was_run_with(
    path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(text)
    (best,) = json.loads(shown(capsys, path, "--best"))
    assert best["options"] == {"fixed": 5, "x": 1}


def test_the_best_has_the_options_that_were_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f.py").write_text(FUNCTION)
    path = write(tmp_path, GRID)
    Study(path, sets=["options.fixed=9"]).run(workers=0)
    (best,) = json.loads(shown(capsys, path, "--best", "--csv", tmp_path / "out.csv"))
    assert best["options"]["fixed"] == 9
    assert (tmp_path / "out.csv").read_text().startswith("run,status,x,loss,")


# A folder that may only be read


def read_only(path: Path, *words: object) -> subprocess.CompletedProcess[str]:
    folder = str(path.parent / "study")
    call = [sys.executable, "-c", READ_ONLY, folder, *map(str, words)]
    return subprocess.run(call, capture_output=True, text=True, timeout=PATIENCE)


def test_a_study_of_somebody_else_is_shown(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    done = read_only(path, "show", path, "--csv", out, "--watch")
    assert done.returncode == 0, done.stderr
    assert "3 runs: 2 complete, 1 failed" in done.stdout and out.exists()


def test_a_study_of_somebody_else_is_drawn(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    done = read_only(path, "plot", path, "-o", tmp_path / "out.svg")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.svg").exists()
    done = read_only(path, "plot", path)
    assert done.returncode != 0 and "compare.svg cannot be written: Permission denied; " in done.stderr


def test_the_guard_of_these_tests_works(path: Path) -> None:
    done = read_only(path, "run", path, "--workers", "0", "--retry", "failed")
    assert done.returncode != 0 and "Permission denied" in done.stderr


# Where a table may be written to


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("study.toml", "is the study's own file; name another"),
        ("../{folder}/study.toml", "is the study's own file; name another"),
        ("study/journal.log", "is where the study keeps its runs and its journal"),
        ("study/journal.log.lock", "is where the study keeps its runs and its journal"),
        ("study/worker-local-1.log", "is where the study keeps its runs and its journal"),
        ("study/runs/table.csv", "is where the study keeps its runs and its journal"),
        ("link/journal.log", "is where the study keeps its runs and its journal"),
        ("missing/table.csv", "there is no folder 'missing'; make it, or name another"),
    ],
)
def test_no_table_goes_over_what_the_study_is_made_of(
    path: Path, target: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (path.parent / "study" / "runs").mkdir(exist_ok=True)
    (path.parent / "link").symlink_to("study")
    before = path.read_bytes(), (path.parent / "study" / "journal.log").read_bytes()
    target = target.format(folder=path.parent.name)
    assert main(["study", "show", str(path), "--csv", target]) != 0
    assert f"error: {target}: {message}" in capsys.readouterr().err
    assert (path.read_bytes(), (path.parent / "study" / "journal.log").read_bytes()) == before


def test_a_table_may_lie_in_the_folder_of_the_study(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown(capsys, path, "--csv", path.parent / "study" / "table.csv")
    assert (path.parent / "study" / "table.csv").exists()


# Texts and columns


def test_what_runs_write_does_nothing_to_the_terminal(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, path)
    assert "\x1b" not in out and "\udcff" not in out
    (failure,) = [line for line in out.splitlines() if line.startswith("run 2 failed: ")]
    assert failure.startswith(r"run 2 failed: ValueError: first second \x1b[31mred\x1b[0m \udcff long long")
    assert len(failure) < 350 and failure.endswith("…")


@given(st.text(), st.integers(2, 50))
def test_one_line_is_one_line_that_can_be_printed(text: str, longest: int) -> None:
    line = one_line(text, longest)
    assert len(line) <= longest and line.isprintable()
    if text.isprintable() and text == " ".join(text.split()) and len(text) <= longest:
        assert line == text


def test_a_metric_of_the_name_of_a_column_has_one_of_its_own(path: Path) -> None:
    table = Study(path).rows()
    assert len(set(table.columns)) == len(table.columns)
    assert table.rows[0]["metrics.seconds"] == 7.5 and table.rows[0]["seconds"] < 7.5
    assert Study(path).group("x", metric="metrics.seconds")[0].mean == 7.5


def test_columns_of_one_last_word_have_whole_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "f.py").write_text("def f(options):\n    return 1.0\n")
    path = write(tmp_path, 'run = "f.py:f"\n[grid]\n"a.name" = [1]\n"b.name" = [2]\n"c.other" = [3]\n')
    Study(path).run(workers=0)
    header = next(line for line in shown(capsys, path).splitlines() if "status" in line)
    assert [word.strip() for word in header.strip("┃").split("┃")][2:5] == ["a.name", "b.name", "other"]
    with pytest.raises(StudyError, match=r"'name' may be a\.name or b\.name; give the whole name"):
        Study(path).rows().check("name")


def test_a_study_without_a_run_that_is_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f.py").write_text(FUNCTION)
    path = write(tmp_path, GRID)
    prepared(load_study(path))
    assert shown(capsys, path).endswith("3 runs: 3 waiting\n")
    assert "0/1" in shown(capsys, path, "--by", "x")
    assert json.loads(shown(capsys, path, "--best")) == []


@given(st.lists(st.text(st.characters()), min_size=1))
def test_any_text_comes_back_from_a_csv_file(messages: list[str]) -> None:
    error = {"type": "E", "traceback": ""}
    runs = [
        run_of(number, status=Status.FAILED, metrics={}, error={**error, "message": message})
        for number, message in enumerate(messages)
    ]
    text = table_of(runs, ["x"], ["loss"]).csv_text().encode().decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    wanted = [message.replace("\r\n", "\n").replace("\r", "\n") for message in messages]
    found = [row["error"].removeprefix("E: ") for row in rows]
    assert found == [each.encode(errors="backslashreplace").decode() for each in wanted]


def test_a_table_of_very_many_runs() -> None:
    runs = [run_of(number) for number in range(20_000)]
    table = table_of(runs, ["x"], ["loss"])
    assert table.csv_text().count("\n") == 20_001
    assert grouped(table.sorted_by("-loss"), ["x"], "loss", "minimize")[0].num_runs == 200
