"""A journal that was damaged: what is wrong is told by its line, nothing is run twice, lost or invented."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hdeeprm.errors import HDeepRMError, JournalError, StudyError
from hdeeprm.studies import Study
from hdeeprm.studies.driver import prepared
from hdeeprm.studies.file import StudyFile, load_study
from hdeeprm.studies.launchers.identity import local_id
from hdeeprm.studies.queue import Queue, Status
from hdeeprm.studies.queue.entries import parsed
from hdeeprm.studies.queue.taking import Taker, finish
from study_files import ended, traces, tracing_study, write

RUN = {"planned": True, "run": 9, "key": "k", "point": {}, "seed": None, "trial": None, "attempt": 1}


@pytest.fixture
def file(tmp_path: Path) -> StudyFile:
    """A study of three runs, the first of which is complete."""
    file = tracing_study(tmp_path, 3, pause=0.0)
    queue = prepared(file)
    trial = Taker(queue, "local:here:1:1").take()
    assert trial is not None
    finish(queue, trial, "COMPLETE", {"metrics": {"loss": 0.0}}, [0.0])
    return file


def journal_of(file: StudyFile) -> Path:
    return file.folder / "journal.log"


def lines_of(file: StudyFile) -> list[bytes]:
    return journal_of(file).read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line[: len(line) // 2] + b"\n",
        lambda line: b"\x00" * (len(line) - 1) + b"\n",
        lambda line: line[:-2] + line,
        lambda line: b"\n",
        lambda line: b"\xff\xfe\n",
        lambda line: b"[" * 100_000 + b"\n",
        lambda line: line.replace(b'"op_code":4', b'"op_code":99'),
        lambda line: b"[]\n",
        lambda line: b"3\n",
        lambda line: b'{"op": 99}\n',
    ],
    ids=["cut", "NUL", "joined", "empty", "no UTF-8", "deep", "unknown", "list", "number", "no fields"],
)
def test_a_damaged_line_in_the_middle_is_refused_by_its_number(
    file: StudyFile, damage: Callable[[bytes], bytes]
) -> None:
    lines = lines_of(file)
    lines[2] = damage(lines[2])  # puts run 1 in
    journal_of(file).write_bytes(b"".join(lines))
    before = journal_of(file).read_bytes()
    for word in ("run", "show", "worker", "ask"):
        code, out, errors = ended(word, file.path)
        assert code == 1 and out == "", errors
        assert f"{journal_of(file)}:3: is " in errors and "Traceback" not in errors
        assert "keep the 2 lines before it (head -n 2)" in errors and "--anew" in errors
    assert traces(file.path.parent) == {}  # nothing was run
    assert journal_of(file).read_bytes() == before


def test_who_reads_on_is_told_each_time(file: StudyFile) -> None:
    queue = Queue(file.folder)
    assert queue.run(0).status is Status.COMPLETE
    with open(journal_of(file), "ab") as out:
        out.write(b"\x00\n")
        out.write(lines_of(file)[1])
    for _ in range(3):
        with pytest.raises(JournalError, match=rf"journal.log:{len(lines_of(file)) - 1}: is damaged"):
            queue.runs()
    with pytest.raises(JournalError, match="is damaged"):
        Taker(queue, "w").take()


def test_the_lines_before_the_damaged_one_can_be_gone_on_with(file: StudyFile) -> None:
    lines = lines_of(file)
    journal_of(file).write_bytes(b"".join([*lines[:-1], b"{\n"]))
    with pytest.raises(JournalError, match=rf"head -n {len(lines) - 1}\)"):
        Queue(file.folder)
    journal_of(file).write_bytes(b"".join(lines[:-1]))  # without the line that completes run 0
    code, _, errors = ended("run", file.path, "--workers", "0", "--retry", "unknown")
    assert code == 0, errors
    assert traces(file.path.parent) == {f"{what} {n}": 1 for n in range(3) for what in ("begin", "end")}


def test_a_damaged_journal_can_be_laid_aside_but_not_under_a_worker(file: StudyFile) -> None:
    queue = Queue(file.folder)
    Taker(queue, local_id(os.getpid())).take()
    with open(journal_of(file), "ab") as out:
        out.write(b"{\n")
    code, _, errors = ended("run", file.path, "--workers", "0", "--anew", "--retry", "unknown")
    assert code == 2 and "as far as the damaged journal tells: worker local:" in errors
    text = journal_of(file).read_bytes().replace(local_id(os.getpid()).encode(), b"local:here:1:1")
    journal_of(file).write_bytes(text)
    code, _, errors = ended("run", file.path, "--workers", "0", "--anew", "--retry", "unknown")
    assert code == 0, errors
    assert (file.path.parent / "study-1" / "journal.log").read_bytes() == text


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"op_code": 6, "trial_id": 1, "state": 1, "values": None}, "its values is None"),
        ({"op_code": 6, "trial_id": 1, "state": 1, "values": ["a"]}, "its values is ['a']"),
        ({"op_code": 6, "trial_id": 1, "state": 7, "values": None}, "7 is not a valid TrialState"),
        ({"op_code": 6, "trial_id": 1, "state": 0, "values": None}, "KeyError 'datetime_start'"),
        ({"op_code": 8, "trial_id": 77, "user_attr": {"a": 1}}, "Record does not exist"),
        ({"op_code": 8, "trial_id": 1, "user_attr": {"outcome": 3}}, "its outcome is 3"),
        ({"op_code": 8, "trial_id": 1, "user_attr": {"outcome": {"metrics": 3}}}, "its metrics is 3"),
        ({"op_code": 8, "trial_id": 1, "user_attr": {"worker": None}}, "its worker is None"),
        ({"op_code": 8, "trial_id": "1", "user_attr": {"a": 1}}, "its trial_id is '1'"),
        ({"op_code": 2, "study_id": 0, "user_attr": {"left_out": [[]]}}, "its left_out is [[]]"),
        ({"op_code": 1, "study_id": 0}, "its op_code is 1"),
        ({"op_code": 4, "study_id": 0, "datetime_start": None, "user_attrs": {**RUN, "run": "a"}}, "'a'"),
        ({"op_code": 4, "study_id": 0, "datetime_start": None, "user_attrs": {"run": 9}}, "it has no key"),
        ({"op_code": 4, "study_id": 0, "datetime_start": "today"}, "Invalid isoformat string"),
        ({"op_code": True}, "it has no worker_id"),
    ],
)
def test_an_entry_that_means_nothing_is_refused(file: StudyFile, entry: dict[str, Any], problem: str) -> None:
    if entry["op_code"] is not True:
        entry = {**entry, "worker_id": "other"}
    with open(journal_of(file), "a") as out:
        out.write(json.dumps(entry) + "\n")
    with pytest.raises(JournalError) as raised:
        Queue(file.folder).runs()
    assert f"journal.log:{len(lines_of(file))}: is no entry of a study" in str(raised.value)
    assert problem in str(raised.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 12) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_is_in_a_line_there_is_a_result_or_one_error(file: StudyFile, data: st.DataObject) -> None:
    original = lines_of(file)
    index = data.draw(st.integers(0, len(original) - 1))
    entry = json.loads(original[index])
    place, name = entry, data.draw(st.sampled_from(sorted(entry)))
    while isinstance(place[name], dict) and place[name] and data.draw(st.booleans()):
        place = place[name]
        name = data.draw(st.sampled_from(sorted(place)))
    if data.draw(st.booleans()):
        del place[name]
    else:
        place[name] = data.draw(JSON)
    lines = [*original[:index], json.dumps(entry).encode() + b"\n", *original[index + 1 :]]
    journal_of(file).write_bytes(b"".join(lines))
    try:
        runs = Queue(file.folder).runs()
        assert set(runs) <= set(range(-3, 13))
        Study(file.path).rows().csv_text()
    except HDeepRMError as error:
        assert "Traceback" not in str(error)
    finally:
        journal_of(file).write_bytes(b"".join(original))


@given(st.binary(max_size=80))
def test_every_line_of_bytes_is_an_entry_or_refused(line: bytes) -> None:
    try:
        assert isinstance(parsed(line), dict)
    except ValueError as error:
        assert str(error).startswith("is ")


# What is no journal, no lock, no study's folder


@pytest.mark.parametrize("kind", ["directory", "FIFO", "device"])
def test_a_journal_that_is_no_file(tmp_path: Path, kind: str) -> None:
    file = tracing_study(tmp_path, 1)
    file.folder.mkdir()
    {
        "directory": lambda path: path.mkdir(),
        "FIFO": os.mkfifo,
        "device": lambda path: path.symlink_to("/dev/null"),
    }[kind](journal_of(file))
    for words in (("run", "--workers", "0"), ("run", "--anew"), ("show",), ("worker",), ("ask",)):
        code, out, errors = ended(words[0], file.path, *words[1:])
        assert (code, out) == (1, "")
        assert errors == f"error: {journal_of(file)}: is no file, and no journal therefore; move it away\n"


def test_a_lock_that_is_no_link_is_not_waited_for(tmp_path: Path) -> None:
    file = tracing_study(tmp_path, 1)
    prepared(file)
    Path(f"{journal_of(file)}.lock").write_text("copied")
    with pytest.raises(JournalError, match=r"journal\.log\.lock: is in the way of the lock, .*; delete it"):
        Queue(file.folder)


@pytest.mark.parametrize("flags", [(), ("--anew",)])
def test_a_folder_of_the_users_own_is_left_as_it_is(tmp_path: Path, flags: tuple[str, ...]) -> None:
    file = tracing_study(tmp_path, 1)
    file.folder.mkdir()
    (file.folder / "__init__.py").touch()
    for words in (("run", "--workers", "0", *flags), ("worker",), ("ask",)):
        code, _, errors = ended(words[0], file.path, *words[1:])
        assert (
            code == 2 and "has no journal.log, and so is no study's folder; move it away, or name" in errors
        )
    assert [path.name for path in file.folder.iterdir()] == ["__init__.py"]
    assert not (tmp_path / "study-1").exists()


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    file = tracing_study(tmp_path, 1)
    file.folder.mkdir()
    assert ended("run", file.path, "--workers", "0", "--anew")[0] == 0
    assert not (tmp_path / "study-1").exists()


def test_a_file_where_the_folder_is_to_be(tmp_path: Path) -> None:
    path = tracing_study(tmp_path, 1).path.rename(tmp_path / "study")
    code, _, errors = ended("run", path, "--workers", "0")
    assert (
        code == 2 and "is a file, where the study's folder is to be; name the study file otherwise" in errors
    )


def test_two_files_that_differ_in_their_ending_only(tmp_path: Path) -> None:
    file = tracing_study(tmp_path, 1, pause=0.0)
    assert ended("run", file.path, "--workers", "0")[0] == 0
    other = write(tmp_path, file.path.read_text(), "study.tml")
    for word in ("run", "worker", "ask"):
        code, _, errors = ended(word, other)
        assert code == 2 and "study/ is the folder of study.toml, which is there too; name one" in errors
    file.path.unlink()  # it was renamed then
    assert ended("run", other, "--workers", "0")[0] == 0
    assert traces(tmp_path)["begin 0"] == 1


def test_a_study_may_be_renamed_with_its_folder(tmp_path: Path) -> None:
    file = tracing_study(tmp_path, 1, pause=0.0)
    assert ended("run", file.path, "--workers", "0")[0] == 0
    renamed = write(tmp_path, file.path.read_text(), "other.toml")  # beside the first, which stays
    (tmp_path / "study").rename(tmp_path / "other")
    assert ended("run", renamed, "--workers", "0")[0] == 0
    assert traces(tmp_path)["begin 0"] == 1


# Values that cannot be kept


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('run = "f.py:f"\n[options]\na = "b\\u0000c"\n', "options.a: text without NUL is wanted"),
        ('command = "./a\\u0000b"\n', "command: text without NUL is wanted"),
        (f'run = "f.py:f"\n[options]\na = {"[" * 30}1{"]" * 30}\n', "nested more than 20 deep"),
        (f'run = "f.py:f"\n[options]\na = {"[" * 5000}1{"]" * 5000}\n', "nested more than 20 deep"),
        (f'run = "f.py:f"\n[options]\n{".".join("a" * 700)} = 1\n', "nested more than 20 deep"),
    ],
    ids=["text", "command", "deep", "too deep to read", "deep tables"],
)
def test_values_of_a_file_that_cannot_be_kept(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        load_study(write(tmp_path, text))


def test_a_value_that_holds_itself() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(StudyError, match="holds itself; make it flatter"):
        Study(run="json:loads", grid={"x": endless})


@pytest.mark.parametrize("value", ["'a\\0b'", "nested", "[[['\\0']]]"])
def test_results_that_cannot_be_kept(tmp_path: Path, value: str) -> None:
    nested = "nested = 1\nfor _ in range(30):\n    nested = [nested]\n"
    (tmp_path / "f.py").write_text(f"{nested}def f(options):\n    return dict(value=1, t={value})\n")
    path = write(tmp_path, 'run = "f.py:f"\n')
    assert ended("run", path, "--workers", "0")[0] == 1
    study = Study(path)
    assert (
        "metric: 't' has a NUL in its text, or is nested more than 20 deep" in study.runs[0].error["message"]
    )
    study.run(workers=0, limit=1)
