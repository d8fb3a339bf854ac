"""The run directory: what it refuses, what it says of itself, and that cleaning deletes nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hdeeprm.errors import RunDirectoryError
from hdeeprm.results import RunDirectory, clean, default_run_directory, find_runs, read_status
from hdeeprm.results.atomic import open_atomically, write_together
from hdeeprm.results.directory import FILES, MARKER


def ended_run(path: Path, *names: str) -> RunDirectory:
    """A complete run that wrote some files."""
    directory = RunDirectory.create(path)
    for name in names:
        directory.write(name, "content\n")
    directory.finish("complete")
    return directory


def mark(path: Path, **changes: Any) -> None:
    """Change what run.json says."""
    state = json.loads((path / MARKER).read_text())
    (path / MARKER).write_text(json.dumps(state | changes))


def entries(path: Path) -> list[str]:
    return sorted(str(entry.relative_to(path)) for entry in path.rglob("*"))


# Making --------------------------------------------------------------------------------------------------


def test_create_and_finish(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "run"
    directory = RunDirectory.create(path)
    state = read_status(path)
    assert (state["status"], state["pid"]) == ("running", os.getpid())
    directory.finish("failed", reason="no job fits", num_jobs=3)
    state = read_status(path)
    assert (state["format"], state["format_version"]) == ("hdeeprm-run", 1)
    assert (state["status"], state["reason"], state["num_jobs"]) == ("failed", "no job fits", 3)
    assert state["started"] <= state["ended"]
    assert not {"pid", "machine"} & set(state)
    assert entries(path) == [MARKER]


def test_an_empty_directory_is_taken(tmp_path: Path) -> None:
    assert RunDirectory.create(str(tmp_path)).path == tmp_path
    assert read_status(tmp_path)["status"] == "running"


def test_unknown_end(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'running' is no end of a run"):
        RunDirectory.create(tmp_path).finish("running")  # type: ignore[arg-type]


def test_files_in_folders(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    written = directory.write("checkpoints/last.pt", b"weights")
    with directory.open("losses.csv") as file:
        file.write(b"loss\n")
        assert not (directory.path / "losses.csv").exists()  # not before it is whole
    assert written.read_bytes() == b"weights"
    assert entries(directory.path) == ["checkpoints", "checkpoints/last.pt", "losses.csv", MARKER]


def test_default_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = []
    for _ in range(3):  # within one second or two
        paths.append(default_run_directory("options"))
        RunDirectory.create(paths[-1])
    assert len(set(paths)) == 3
    assert all(path.parent == Path("runs") and path.name.startswith("options-") for path in paths)


# Refusing ------------------------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    with pytest.raises(RunDirectoryError) as caught:
        RunDirectory.create(path)
    message = str(caught.value)
    assert "another" in message or "empty directory" in message  # the cure
    return message


def test_another_run(tmp_path: Path) -> None:
    ended_run(tmp_path)
    before = (tmp_path / MARKER).read_bytes()
    assert f"{tmp_path} already holds a run" in refusal(tmp_path)
    assert (tmp_path / MARKER).read_bytes() == before


def test_foreign_directory(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    assert "is not empty and holds no run" in refusal(tmp_path)
    assert entries(tmp_path) == ["thesis.tex"]


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    assert "exists and is no directory" in refusal(file)
    assert f"{file} cannot be written: File exists" in refusal(file / "run")
    assert "Not a directory" in refusal(file / "deep" / "run")
    assert file.read_text() == "mine"


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    assert "exists and is no directory" in refusal(tmp_path / "link")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a place where nobody may write")
def test_unwritable_place() -> None:
    assert "/proc/run cannot be written" in refusal(Path("/proc/run"))


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_place_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "Permission denied; make it writable" in refusal(tmp_path / "run")
    assert "Permission denied; make it writable" in refusal(tmp_path)


def test_directory_that_vanishes(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    (directory.path / MARKER).unlink()
    directory.path.rmdir()
    for name in ("metrics.json", "checkpoints/last.pt"):
        with pytest.raises(RunDirectoryError, match="its directory is gone"):
            directory.write(name, "")
    assert entries(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "holds no run: it has no run.json"),
        ("{", "cannot be read"),
        ("[]", "is not that of an hdeeprm-run"),
        ('{"format": "other"}', "is not that of an hdeeprm-run"),
        ('{"format": "hdeeprm-run", "format_version": 2, "status": "complete"}', "another version"),
        ('{"format": "hdeeprm-run", "format_version": 1, "status": "odd"}', "another version"),
    ],
)
def test_no_run(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / MARKER).write_text(content)
    with pytest.raises(RunDirectoryError, match=message):
        read_status(tmp_path)
    assert clean(tmp_path) == []
    assert (content is None) != (tmp_path / MARKER).exists()


# Cleaning ------------------------------------------------------------------------------------------------


def test_runs_are_removed_and_nothing_beside_them(tmp_path: Path) -> None:
    known = [name.replace("*", "1") for name in FILES if name != MARKER]
    ended_run(tmp_path / "a", *known)
    ended_run(tmp_path / "b" / "0")
    (tmp_path / "b" / "notes.txt").touch()
    (tmp_path / "options.json").touch()
    ended_run(tmp_path / "b" / "0" / "nested")
    outcomes = clean(tmp_path)
    assert [(str(path.relative_to(tmp_path)), removed) for path, removed, _ in outcomes] == [
        ("b/0/nested", True),
        ("b/0", True),
        ("a", True),
    ]
    assert entries(tmp_path) == ["b", "b/notes.txt", "options.json"]


def test_dry_run(tmp_path: Path) -> None:
    ended_run(tmp_path / "run", "metrics.json")
    before = entries(tmp_path)
    assert [removed for _, removed, _ in clean(tmp_path, dry_run=True)] == [True]
    assert entries(tmp_path) == before


def test_foreign_files_are_kept(tmp_path: Path) -> None:
    run = ended_run(tmp_path / "run", "metrics.json", "checkpoints/last.pt").path
    for name in ("thesis.tex", "checkpoints/notes.txt", "mine/metrics.json"):
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).touch()
    (run / "empty").mkdir()
    ((path, removed, reason),) = clean(tmp_path)
    assert (path, removed) == (run, False)
    assert reason == "kept what no run wrote: checkpoints/notes.txt, empty, mine/metrics.json, thesis.tex"
    left = ["checkpoints", "checkpoints/notes.txt", "empty", "mine", "mine/metrics.json", "thesis.tex"]
    assert entries(run) == left
    assert clean(tmp_path) == []  # no run any more


def test_many_foreign_files_are_counted(tmp_path: Path) -> None:
    ended_run(tmp_path)
    for number in range(7):
        (tmp_path / f"{number}.txt").touch()
    assert clean(tmp_path)[0].reason.endswith("4.txt and 2 more")


def test_links_are_neither_followed_nor_deleted(tmp_path: Path) -> None:
    outside = ended_run(tmp_path / "outside", "metrics.json", "checkpoints/last.pt").path
    run = ended_run(tmp_path / "runs" / "run").path
    (run / "metrics.json").symlink_to(outside / "metrics.json")
    (run / "checkpoints").symlink_to(outside / "checkpoints")
    (tmp_path / "runs" / "link").symlink_to(outside)
    forged = tmp_path / "runs" / "forged"
    forged.mkdir()
    (forged / MARKER).symlink_to(outside / MARKER)
    before = entries(outside)
    ((path, removed, reason),) = clean(tmp_path / "runs")
    assert (path, removed, reason) == (run, False, "kept what no run wrote: checkpoints, metrics.json")
    assert entries(outside) == before
    assert entries(tmp_path / "runs") == [
        "forged",
        "forged/run.json",
        "link",
        "run",
        "run/checkpoints",
        "run/metrics.json",
    ]


def test_a_root_that_is_a_link_or_missing(tmp_path: Path) -> None:
    ended_run(tmp_path / "run")
    (tmp_path / "link").symlink_to(tmp_path / "run")
    with pytest.raises(RunDirectoryError, match="link is a symbolic link; name the directory"):
        clean(tmp_path / "link")
    with pytest.raises(RunDirectoryError, match="gone is no directory"):
        find_runs(tmp_path / "gone")
    assert find_runs(tmp_path) == [tmp_path / "run"]


def test_left_over_temporary_file(tmp_path: Path) -> None:
    ended_run(tmp_path / "run")
    (tmp_path / "run" / ".out_jobs.csv.0123456789abcdef.tmp").touch()
    assert clean(tmp_path)[0].removed
    assert entries(tmp_path) == []


def test_a_run_that_goes_on_is_kept(tmp_path: Path) -> None:
    outer = RunDirectory.create(tmp_path / "run")
    outer.finish("complete")
    RunDirectory.create(tmp_path / "run" / "0")
    outcomes = clean(tmp_path)
    assert [(removed, reason) for _, removed, reason in outcomes] == [
        (False, "it is still running; end it first, or use force"),
        (False, "it holds another run that is kept"),
    ]
    assert entries(tmp_path) == ["run", "run/0", "run/0/run.json", "run/run.json"]
    assert all(outcome.removed for outcome in clean(tmp_path, force=True))
    assert entries(tmp_path) == []


def test_a_run_that_died_is_removed(tmp_path: Path) -> None:
    script = "import sys; from hdeeprm.results import RunDirectory; RunDirectory.create(sys.argv[1])"
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "run")], check=True)
    assert read_status(tmp_path / "run")["status"] == "running"
    mark(tmp_path / "run", machine="elsewhere")
    assert not clean(tmp_path)[0].removed  # nobody here can tell whether it goes on
    machine = read_status(RunDirectory.create(tmp_path / "here").path)["machine"]
    mark(tmp_path / "run", machine=machine)
    assert [outcome.path.name for outcome in clean(tmp_path) if outcome.removed] == ["run"]


def test_a_file_that_cannot_be_deleted(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may delete everything")
    run = ended_run(tmp_path / "run", "metrics.json").path
    run.chmod(0o500)
    ((_, removed, reason),) = clean(tmp_path)
    assert not removed
    assert "Permission denied" in reason
    run.chmod(0o700)


# What has the name of a file that is to be written


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_only_regular_files_are_replaced(tmp_path: Path, kind: str) -> None:
    target, other = tmp_path / "model.pt", tmp_path / "other"
    other.write_text("kept")
    if kind == "link":
        target.symlink_to(other)
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        target.mkdir()
    before = target.lstat()
    with pytest.raises(RunDirectoryError, match="is no regular file"), open_atomically(target):
        pytest.fail("was opened")
    assert (target.lstat().st_mode, target.lstat().st_ino) == (before.st_mode, before.st_ino)
    assert other.read_text() == "kept"


def test_nothing_is_written_through_the_names_of_others(tmp_path: Path) -> None:
    """A link or a file that somebody made by a name that a temporary file might have stays as it is."""
    (tmp_path / "precious").write_text("precious")
    (tmp_path / ".out.csv.tmp").symlink_to(tmp_path / "precious")
    with open_atomically(tmp_path / "out.csv") as file:
        assert not (tmp_path / "out.csv").exists()
        file.write(b"1\n")
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / ".out.csv.tmp").is_symlink()
    assert (tmp_path / "out.csv").read_bytes() == b"1\n"
    assert len(list(tmp_path.iterdir())) == 3


def test_all_files_or_none(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a").write_text("old")
    with pytest.raises(RunDirectoryError, match="is no regular file"):
        write_together({tmp_path / "a": b"new", tmp_path / "b": b"new"})
    assert (tmp_path / "a").read_text() == "old"
    write_together({tmp_path / "a": b"new", tmp_path / "c": b"new"})
    assert (tmp_path / "a").read_text() == (tmp_path / "c").read_text() == "new"
