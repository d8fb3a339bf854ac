"""The leaderboard: its page, its numbers beside those from elsewhere, and the verb that makes it."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import numba
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.cli import main
from hdeeprm.leaderboard import BOARDS, Board, Cell, Status, json_text, markdown, trace
from hdeeprm.leaderboard.elsewhere import elsewhere
from hdeeprm.leaderboard.tables import lublin
from hdeeprm.selections import CoreSelection, JobSelection
from study_files import write
from test_references import LUBLIN, SEQUENCES, TABLE, needs_trace

pytest.importorskip("optuna")
from hdeeprm.studies import Study
from hdeeprm.studies.space import planned_runs

PAGE = Path(__file__).parents[1] / "docs" / "leaderboard.md"
PAIRS = [f"{job.name}-{core.name}" for job in JobSelection for core in CoreSelection]
NUM_RUNS = {"lublin-1": 220, "simulators": 6, "platforms": 972}
SMALL = """
metric = "mean_bounded_slowdown"
seeds = [1, 2]
points = [{platform_file_path = "unequal_256", workload_file_path = "lublin_256_like.swf"}]
[options]
nb_jobs = 40
[grid]
"queue.backfilling" = ["none", "easy", "conservative"]
"agent.name" = ["first-high_gflops", "shortest-low_power"]
"""
compiled_only = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="takes too long without the compiler")


def cell(value: float | None, known: str | None, source: str = "") -> Cell:
    return Cell(
        "FCFS", "first-high_gflops", "gaia", "trace.swf", "rerank", "none", "makespan", value, known, source
    )


def numbers_of(text: str) -> dict[str, list[Cell]]:
    """The tables that ``json_text`` writes."""
    return {name: [Cell(*row[:-1]) for row in table["rows"]] for name, table in json.loads(text).items()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The table ``platforms`` of a study of 12 runs; its file."""
    (folder / "small").mkdir()
    file = write(folder / "small", SMALL, "platforms.toml")
    monkeypatch.setattr(Board, "study_file", property(lambda board: file))
    return file


def made(*words: str | Path) -> int:
    return main(["leaderboard", "--table", "platforms", "--workers", "0", *map(str, words)])


# What a number is


@pytest.mark.parametrize(
    ("value", "known", "source", "status"),
    [
        (None, "254.67", "published", Status.PUBLISHED),
        (7273.7713, "7273.77", "published", Status.PUBLISHED_REPRODUCED),
        (1519735.2, "1519735", "HPCSim", Status.REPRODUCED),
        (337.3352, "337.34", "corrected", Status.CORRECTED),
        (337.3452, "337.34", "corrected", Status.DIFFERS),
        (1.0, None, "", Status.NEW),
    ],
)
def test_status(value: float | None, known: str | None, source: str, status: Status) -> None:
    assert cell(value, known, source).status is status


@given(st.floats(1, 1e6), st.integers(0, 6), st.integers(1, 9))
def test_a_number_is_reproduced_to_the_last_printed_digit_and_no_further(
    value: float, digits: int, off: int
) -> None:
    assert cell(value, f"{value:.{digits}f}").status is Status.REPRODUCED
    other = f"{float(f'{value:.{digits}f}') + off * 10.0**-digits:.{digits}f}"
    assert cell(value, other).status is Status.DIFFERS


# The study files


@pytest.mark.parametrize("name", BOARDS)
def test_study_files_are_studies(name: str) -> None:
    study = Study(BOARDS[name].study_file)
    assert len(planned_runs(study.file)) == NUM_RUNS[name]


def test_studies_have_every_rule_that_is_known_elsewhere() -> None:
    file = Study(BOARDS["lublin-1"].study_file).file
    agents = [known["agent"] for known in elsewhere("lublin-1") if "agent" in known]
    assert sorted(agents) == sorted(file.grid["agent.name"])
    assert file.grid["workload.window.start"] == list(SEQUENCES)
    keys = {"agent": "agent.name", "discipline": "queue.discipline", "backfilling": "queue.backfilling"}
    points = Study(BOARDS["simulators"].study_file).file.points
    assert points == [{keys[key]: known[key] for key in keys} for known in elsewhere("simulators")]


def test_the_platforms_are_run_with_all_36_pairs() -> None:
    assert Study(BOARDS["platforms"].study_file).file.grid["agent.name"] == PAIRS


def test_numbers_from_elsewhere_are_those_of_the_references() -> None:
    known = {
        row["agent"].removesuffix("-high_gflops"): row for row in elsewhere("lublin-1") if "agent" in row
    }
    assert {name: tuple(known[name][key] for key in lublin.BACKFILLINGS) for name in known} == TABLE


# The page


def test_the_page_is_made_of_the_numbers_beside_it() -> None:
    text = PAGE.with_suffix(".json").read_text("utf-8")
    numbers = numbers_of(text)
    assert list(numbers) == list(BOARDS)
    assert json_text(numbers) == text
    assert markdown(numbers) == PAGE.read_text("utf-8")


def test_the_page_reproduces_all_that_is_known() -> None:
    numbers = numbers_of(PAGE.with_suffix(".json").read_text("utf-8"))
    counts = {name: Counter(cell.status for cell in cells) for name, cells in numbers.items()}
    assert counts["lublin-1"] == {
        Status.PUBLISHED_REPRODUCED: 10,
        Status.CORRECTED: 4,
        Status.REPRODUCED: 8,
        Status.PUBLISHED: 2,
    }
    assert counts["simulators"] == {Status.REPRODUCED: 17, Status.NEW: 7}
    assert counts["platforms"] == {Status.NEW: 3 * 36 * 3 * 3}


# The verb


def test_a_table_is_the_mean_over_the_runs(
    small: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made("--out", "out.md", "--out", "out.json") == 0
    out, err = capsys.readouterr()
    assert out == "" and "platforms: Heterogeneous platforms" in err and "12 of 12 runs" in err
    numbers = numbers_of((folder / "out.json").read_text())["platforms"]
    assert len(numbers) == 2 * 3 * 3
    runs = Study(folder / "leaderboard" / "platforms.toml").runs.values()
    for found in numbers:
        metrics = [
            json.loads((folder / f"leaderboard/platforms/runs/{run.number:04d}/metrics.json").read_text())
            for run in runs
            if run.options["agent.name"] == found.agent
            and run.options["queue.backfilling"] == found.backfilling
        ]
        assert len(metrics) == 2
        assert found.value == pytest.approx(sum(each[found.metric] for each in metrics) / 2, rel=1e-12)
    page = (folder / "out.md").read_text()
    assert "hdeeprm leaderboard --table platforms\n" in page and "### `unequal_256`" in page
    least = min(
        found.value or 0.0
        for found in numbers
        if found.metric == "energy_joules" and found.backfilling == "easy"
    )
    assert f"**{least / 1e9:#.4g}**" in page


def test_called_again_it_runs_nothing_and_writes_the_same_bytes(small: Path, folder: Path) -> None:
    made("--out", "a.md", "--out", "a.json")
    runs = sorted((folder / "leaderboard" / "platforms" / "runs").rglob("*"))
    times = [path.stat().st_mtime_ns for path in runs]
    made("--out", "b.md", "--out", "b.json")
    assert times == [path.stat().st_mtime_ns for path in runs]
    for ending in (".md", ".json"):
        assert (folder / f"a{ending}").read_bytes() == (folder / f"b{ending}").read_bytes()
    made("--out", "c.json", "--anew")
    assert (folder / "leaderboard" / "platforms-1").is_dir()
    assert (folder / "c.json").read_bytes() == (folder / "a.json").read_bytes()


def test_it_goes_on_where_it_was(small: Path, folder: Path) -> None:
    (folder / "leaderboard").mkdir()
    begun = folder / "leaderboard" / "platforms.toml"
    begun.write_bytes(small.read_bytes())
    Study(begun).run(workers=0, limit=5)
    before = {number: run.ended for number, run in Study(begun).runs.items() if run.ended is not None}
    assert len(before) == 5
    made("--out", "out.json")
    assert {number: run.ended for number, run in Study(begun).runs.items() if number in before} == before


def test_numbers_outlive_the_runs(small: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made()
    before = capsys.readouterr().out
    assert main(["clean", "leaderboard"]) == 0
    assert not list((folder / "leaderboard" / "platforms" / "runs").glob("*"))
    capsys.readouterr()
    made()
    assert capsys.readouterr().out == before != ""


def test_runs_that_fail_are_told_and_tried_again(
    small: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small.write_text(SMALL.replace("lublin_256_like.swf", "mine.swf"))
    assert made("--out", "out.md") == 2
    assert (
        "12 of 12 runs are not complete, the first of them run 0: WorkloadError: mine.swf"
        in capsys.readouterr().err
    )
    assert not (folder / "out.md").exists()
    source = Path(__file__).parents[1] / "workloads" / "lublin_256_like.swf"
    (folder / "leaderboard" / "mine.swf").write_bytes(source.read_bytes())
    assert made("--out", "out.md") == 0
    assert "`mine.swf`" in (folder / "out.md").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--table", "platform"], "--table: there is no 'platform'; one of lublin-1, simulators, platforms"),
        (["--table", "platform"], "Did you mean 'platforms'?"),
        (["--out", "a.csv"], "--out: a.csv: a name that ends in .md or .json is wanted"),
        ([], "take it from https://github.com/DIR-LAB/deep-batch-scheduler, data/lublin_256.swf"),
        (["--trace", "nowhere.swf"], "--trace: nowhere.swf: no such workload file"),
        (["--trace", "."], "--trace: .: is a directory"),
        (["--trace", "file"], "--trace: file: the file is empty"),
        (["--trace", __file__], "field 1 (job number) is"),
        (["--out", "nowhere/a.md"], "nowhere/a.md: there is no folder 'nowhere'; make it"),
        (
            ["--table", "platforms", "--folder", "file/in"],
            "file/in cannot be written: Not a directory; a part of it is a file",
        ),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_runs(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    (folder / "file").touch()
    assert main(["leaderboard", *words]) in (1, 2)
    assert message in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["file"]


# The trace


def test_another_trace_is_told_and_does_not_mix_with_the_first(folder: Path) -> None:
    (folder / trace.TRACE).write_text("1 0 -1 10 1 -1 -1 1 10 -1 1 -1 -1 -1 -1 -1 -1 -1\n")
    (notice,) = trace.prepared_trace(None, folder / "made")
    assert "is not the trace that the published numbers are of" in notice
    assert (folder / "made" / trace.TRACE).read_bytes() == (folder / trace.TRACE).read_bytes()
    other = folder / "other.swf"
    other.write_text("1 0 -1 20 1 -1 -1 1 20 -1 1 -1 -1 -1 -1 -1 -1 -1\n")
    with pytest.raises(trace.WorkloadError, match=r"other\.swf is not the trace that .*made' was begun with"):
        trace.prepared_trace(other, folder / "made")


def test_a_trace_may_be_gzip_and_is_kept_plain(folder: Path) -> None:
    content = b"1 0 -1 10 1 -1 -1 1 10 -1 1 -1 -1 -1 -1 -1 -1 -1\n"
    (folder / "mine.swf.gz").write_bytes(gzip.compress(content))
    trace.prepared_trace(folder / "mine.swf.gz", folder / "made")
    assert (folder / "made" / trace.TRACE).read_bytes() == content
    cut = folder / "cut.swf.gz"
    cut.write_bytes(gzip.compress(content)[:-9])
    with pytest.raises(trace.WorkloadError, match=r"cut\.swf\.gz: the gzip data are damaged or cut off"):
        trace.prepared_trace(cut, folder / "other")
    assert not (folder / "other").exists()


@needs_trace
@compiled_only
def test_other_simulators_agree(folder: Path) -> None:
    words = ["--table", "simulators", "--trace", str(LUBLIN), "--workers", "0", "--out", "out.json"]
    assert main(["leaderboard", *words]) == 0
    made_here = numbers_of((folder / "out.json").read_text())["simulators"]
    assert made_here == numbers_of(PAGE.with_suffix(".json").read_text("utf-8"))["simulators"]
    (folder / "lublin_256.swf").unlink(missing_ok=True)
    assert trace.prepared_trace(None, folder / "leaderboard") == []  # it goes on with its own copy


@pytest.mark.slow
@needs_trace
@compiled_only
@pytest.mark.parametrize("name", ["lublin-1", "platforms"])
def test_the_tables_of_the_page_are_made_again(folder: Path, name: str) -> None:
    words = ["--table", name, "--trace", str(LUBLIN), "--workers", "2", "--out", "out.json"]
    assert main(["leaderboard", *words]) == 0
    page = numbers_of(PAGE.with_suffix(".json").read_text("utf-8"))
    assert numbers_of((folder / "out.json").read_text())[name] == page[name]
