"""The queue: planned once, taken once, resumed, retried; what may change in a file; one lock for all."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

from hdeeprm.errors import RunDirectoryError, StudyError
from hdeeprm.studies import Study
from hdeeprm.studies.anew import lay_aside
from hdeeprm.studies.driver import num_workers, prepared
from hdeeprm.studies.file import StudyFile, study_from
from hdeeprm.studies.launchers.identity import local_id
from hdeeprm.studies.progress import Observer
from hdeeprm.studies.queue import Queue, Status
from hdeeprm.studies.queue.locking import GRACE_SECONDS, JournalLock
from hdeeprm.studies.queue.planning import plan
from hdeeprm.studies.queue.recovery import recover, retry
from hdeeprm.studies.queue.taking import Taker, finish, put_back
from hdeeprm.studies.queue.views import PointStudy
from hdeeprm.studies.runs.reporting import Reporter
from hdeeprm.studies.stopping import StopSignal
from hdeeprm.studies.worker import Worker
from study_files import traces, tracing_study

# Python 3.12 warns of forks of processes with threads, such as those of linear algebra.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def study(folder: Path, **keys: Any) -> StudyFile:
    return study_from({"run": "json:loads", **keys}, folder / "study.toml")


def statuses(queue: Queue) -> dict[int, str]:
    return {number: run.status.value for number, run in queue.runs().items()}


def done(queue: Queue, value: float = 0.0) -> int:
    """Take a run and end it; its number."""
    trial = Taker(queue, "local:here:1:1").take()
    assert trial is not None
    finish(queue, trial, "COMPLETE", {"metrics": {"value": value}}, [value])
    return int(trial.user_attrs["run"])


# Planning


def test_runs_are_put_in_once_however_often_a_study_is_prepared(tmp_path: Path) -> None:
    file = study(tmp_path, grid={"x": [1, 2, 3]}, seeds=[1, 2])
    for _ in range(3):
        queue = prepared_queue(file)
    assert statuses(queue) == dict.fromkeys(range(6), "waiting")
    assert [(run.point["x"], run.seed) for run in queue.runs().values()] == [
        (x, seed) for x in (1, 2, 3) for seed in (1, 2)
    ]


def prepared_queue(file: StudyFile) -> Queue:
    queue = Queue(file.folder, file.directions)
    plan(queue, file)
    return queue


def test_a_grid_may_grow_and_shrink(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1, 2, 3]}))
    assert done(queue) == 0
    plan(queue, study(tmp_path, grid={"x": [2, 4]}))
    assert {n: run.point["x"] for n, run in queue.runs().items()} == {1: 2, 3: 4}
    plan(queue, study(tmp_path, grid={"x": [1, 2, 3, 4]}))
    runs = queue.runs()
    assert {n: run.point["x"] for n, run in runs.items()} == {0: 1, 1: 2, 2: 3, 3: 4}
    assert runs[0].status is Status.COMPLETE  # its result has outlasted that
    assert {runs[n].status for n in (1, 2, 3)} == {Status.WAITING}


def test_trials_and_sampler_of_a_search_may_change(tmp_path: Path) -> None:
    search = {"x": {"low": 0.0, "high": 1.0}}
    queue = prepared_queue(study(tmp_path, search=search, trials=2))
    plan(queue, study(tmp_path, search=search, trials=5, sampler="random", pruner="median"))
    assert len(queue.runs()) == 5


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"options": {"a": 2}}, "options.a: was 1 when"),
        ({"metric": "other"}, 'metric: was ["value"] when'),
        ({"direction": "maximize"}, 'direction: was ["minimize"] when'),
        ({"run": "json:dumps"}, 'run: was "json:loads" when'),
        ({"options": {}}, "is not there now"),
    ],
)
def test_what_results_mean_may_not_change(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    keys: dict[str, Any] = {"options": {"a": 1}, "grid": {"x": [1]}}
    queue = prepared_queue(study(tmp_path, **keys))
    with pytest.raises(StudyError, match="start anew with --anew") as raised:
        plan(queue, study(tmp_path, **{**keys, **changes}))
    assert expected in str(raised.value)


def test_all_changes_are_told_at_once(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, options={"a": 1, "b": 1}))
    with pytest.raises(StudyError) as raised:
        plan(queue, study(tmp_path, options={"a": 2, "c": 1}))
    assert [line.split(": ")[1] for line in str(raised.value).splitlines()] == [
        "options.a",
        "options.b",
        "options.c",
    ]


def test_what_optuna_puts_in_is_no_run(tmp_path: Path) -> None:
    file = study(tmp_path, grid={"x": [1]})
    queue = prepared_queue(file)
    invented = optuna.load_study(study_name="study", storage=queue.storage)
    invented.enqueue_trial({"x": 5})
    invented.ask({"y": optuna.distributions.FloatDistribution(0, 1)})
    invented.ask({"y": optuna.distributions.FloatDistribution(0, 1)})
    assert statuses(queue) == {0: "waiting"} or statuses(queue) == {0: "running"}
    plan(queue, file)
    assert len(queue.runs()) == 1


def test_a_study_that_was_not_started_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="was not started yet; start it with: hdeeprm study run"):
        Queue(tmp_path / "study")


# Taking


def test_runs_are_taken_in_order_and_never_invented(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1, 2, 3]}))
    taker = Taker(queue, "local:here:1:1")
    taken = [taker.take() for _ in range(5)]
    assert [trial and trial.user_attrs["run"] for trial in taken] == [0, 1, 2, None, None]
    assert len(queue.storage.get_all_trials(queue.id)) == 3


def test_a_limit_takes_the_first_runs_only(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1, 2, 3]}))
    taker = Taker(queue, "local:here:1:1", limit=2)
    assert [trial is not None for trial in (taker.take(), taker.take(), taker.take())] == [True, True, False]


def test_a_limit_counts_the_runs_that_are_asked_for(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1, 2, 3]}))
    plan(queue, study(tmp_path, grid={"x": [3, 4]}))
    taker = Taker(queue, "local:here:1:1", limit=1)
    taken = taker.take()
    assert taken is not None and taken.user_attrs["run"] == 2
    assert taker.take() is None
    assert Observer(queue, limit=1).look().counts == {Status.RUNNING: 1}


def test_runs_that_were_put_in_again_come_last(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1, 2, 3]}))
    first = Taker(queue, "w").take()
    assert first is not None and put_back(queue, first)
    assert [done(queue) for _ in range(3)] == [1, 2, 0]


def test_many_takers_share_the_runs(tmp_path: Path) -> None:
    num_runs = 60
    file = tracing_study(tmp_path, num_runs, pause=0.0)
    prepared(file)
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_work, args=(file,)) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    queue = Queue(file.folder)
    assert set(statuses(queue).values()) == {"complete"}
    assert len(queue.storage.get_all_trials(queue.id)) == num_runs
    assert all(traces(tmp_path)[f"begin {n}"] == 1 for n in range(num_runs))


def _work(file: StudyFile) -> None:
    Worker(file, Queue(file.folder)).work()


def test_a_result_after_the_run_was_given_away_does_not_count(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1]}))
    slow = Taker(queue, "local:here:1:1").take()
    assert slow is not None
    recover(queue, lambda worker: False)  # taken for dead, though it is only slow
    assert done(queue, value=5.0) == 0
    assert not finish(queue, slow, "COMPLETE", {"metrics": {"value": 1.0}}, [1.0])
    assert not put_back(queue, slow)
    assert queue.run(0).metrics == {"value": 5.0} and queue.run(0).attempt == 2


# Recovery and retry


def test_only_runs_of_workers_that_are_gone_are_put_in_again(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1, 2, 3]}))
    for worker in ("dead", "alive", "unknown"):
        Taker(queue, worker).take()
    answers: dict[str, bool | None] = {"dead": False, "alive": True, "unknown": None}
    assert recover(queue, answers.get) == ([0], [2])
    assert statuses(queue) == {0: "waiting", 1: "running", 2: "running"}
    assert recover(queue, answers.get) == ([], [2])  # nothing is put in twice


def test_runs_that_are_left_out_are_not_put_in_again(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1, 2]}))
    Taker(queue, "dead").take()
    plan(queue, study(tmp_path, grid={"x": [2]}))
    assert recover(queue, lambda worker: False) == ([], [])
    assert done(queue) == 1 and Taker(queue, "w").take() is None
    plan(queue, study(tmp_path, grid={"x": [1, 2]}))
    assert recover(queue, lambda worker: False) == ([0], [])


def test_a_run_that_was_put_back_while_left_out_is_not_taken(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1, 2]}))
    trial = Taker(queue, "w").take()
    assert trial is not None
    plan(queue, study(tmp_path, grid={"x": [2]}))
    put_back(queue, trial)
    assert done(queue) == 1 and Taker(queue, "w").take() is None


def test_two_who_recover_put_a_run_in_once(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1]}))
    other = Queue(queue.folder)
    Taker(queue, "dead").take()

    def slow_answer(worker: str) -> bool:
        recover(other, lambda worker: False)
        assert done(other) == 0
        return False

    recover(queue, slow_answer)
    assert statuses(queue) == {0: "complete"}
    assert len(queue.trials()) == 2


def test_a_run_that_its_worker_could_not_put_back_is_not_lost(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1]}))
    trial = Taker(queue, "w").take()
    assert trial is not None
    queue.storage.set_trial_user_attr(trial._trial_id, "cause", "stopped")
    queue.storage.set_trial_state_values(trial._trial_id, optuna.trial.TrialState.FAIL)  # killed right here
    assert statuses(queue) == {0: "waiting"}
    assert recover(queue, lambda worker: True) == ([0], [])
    assert done(queue) == 0


def test_retry_takes_what_is_asked_for(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1, 2, 3]}))
    for state in ("FAIL", "PRUNED", "COMPLETE"):
        trial = Taker(queue, "w").take()
        assert trial is not None
        finish(queue, trial, state, {}, [1.0] if state == "COMPLETE" else None)
    assert retry(queue, [Status.FAILED]) == [0]
    assert retry(queue, [Status.FAILED, Status.PRUNED]) == [1]
    assert statuses(queue) == {0: "waiting", 1: "waiting", 2: "complete"}


def test_only_the_last_attempt_counts_for_samplers_and_pruners(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1, 2]}))
    trial = Taker(queue, "w").take()
    assert trial is not None
    finish(queue, trial, "PRUNED", {}, [1.0])
    seen = PointStudy(queue, None, optuna.samplers.RandomSampler(), optuna.pruners.NopPruner())
    pruned = (optuna.trial.TrialState.PRUNED,)
    assert [one.number for one in seen.get_trials(states=pruned)] == [0]
    retry(queue, [Status.PRUNED])
    assert [one.number for one in seen.get_trials()] == [1, 2]
    assert seen.get_trials(states=pruned) == []


def test_what_pruners_have_noted_stays_only_where_training_goes_on(tmp_path: Path) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1]}))
    former = Taker(queue, "w").take()
    assert former is not None
    queue.storage.set_trial_system_attr(former._trial_id, "completed_rung_0", 0.5)
    queue.storage.set_trial_intermediate_value(former._trial_id, 1, 0.5)
    put_back(queue, former)
    again = Taker(queue, "w").take()
    assert again is not None and again.system_attrs == {}
    Reporter(queue, again, tmp_path, StopSignal()).carry_over(queue.former(again))
    carried = queue.latest()[0]
    assert carried.system_attrs == {"completed_rung_0": 0.5} and carried.intermediate_values == {1: 0.5}


def test_all_that_an_heir_was_given_stays_with_it(tmp_path: Path) -> None:
    search = {name: {"low": 0.0, "high": 1.0} for name in "xy"}
    queue = prepared_queue(study(tmp_path, search=search, trials=1))
    heir = Taker(queue, "w").take()
    assert heir is not None
    queue.storage.set_trial_system_attr(heir._trial_id, "fixed_params", {"x": 0.25, "y": 0.75})
    unit = optuna.distributions.FloatDistribution(0.0, 1.0)
    queue.storage.set_trial_param(heir._trial_id, "x", 0.25, unit)  # stopped before y was asked for
    put_back(queue, heir)
    assert queue.latest()[0].system_attrs == {"fixed_params": {"x": 0.25, "y": 0.75}}


def test_what_the_sampler_picked_stays_with_a_run_that_is_taken_again(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("import os\ndef f(o):\n    os.kill(os.getpid(), 15)\n    return o['x']\n")
    file = study_from(
        {"run": "f.py:f", "search": {"x": {"low": 0.0, "high": 1.0}}, "trials": 1}, tmp_path / "s.toml"
    )
    prepared(file)
    queue = Queue(file.folder)
    worker = Worker(file, queue)
    worker.work()
    assert worker.was_stopped
    first, again = queue.trials()
    assert first.params == again.params and set(first.params) == {"x"}


# Lock and journal


def test_the_lock_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    journal = tmp_path / "journal.log"
    context = multiprocessing.get_context("fork")
    holder = context.Process(target=_hold, args=(journal,))
    holder.start()
    while not os.path.lexists(f"{journal}.lock"):
        time.sleep(0.01)
    os.kill(holder.pid or 0, signal.SIGKILL)
    holder.join()
    began = time.monotonic()
    with JournalLock(journal):
        assert time.monotonic() - began < GRACE_SECONDS
    assert not os.path.lexists(f"{journal}.lock")


def _hold(journal: Path) -> None:
    JournalLock(journal).acquire()
    time.sleep(60)


def test_the_lock_is_held_by_one_at_a_time_and_may_be_taken_again(tmp_path: Path) -> None:
    journal, count = tmp_path / "journal.log", tmp_path / "count"
    count.write_text("0")
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_count, args=(journal, count)) for _ in range(4)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert count.read_text() == "200"
    lock = JournalLock(journal)
    with lock, lock:
        assert os.readlink(f"{journal}.lock") == local_id(os.getpid())
    assert not os.path.lexists(f"{journal}.lock")


def _count(journal: Path, count: Path) -> None:
    lock = JournalLock(journal)
    for _ in range(50):
        with lock:
            count.write_text(str(int(count.read_text()) + 1))


def test_the_lock_of_another_machine_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hdeeprm.studies.queue.locking.GRACE_SECONDS", 0.3)
    journal = tmp_path / "journal.log"
    os.symlink("local:elsewhere:1:1", f"{journal}.lock")
    began = time.monotonic()
    with JournalLock(journal):
        assert time.monotonic() - began > 0.3


def test_the_lock_of_another_machine_that_shows_that_it_lives_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hdeeprm.studies.queue.locking.GRACE_SECONDS", 3.0)
    link = tmp_path / "journal.log.lock"
    os.symlink("local:elsewhere:1:1", link)
    shown = [0.0]

    def show() -> None:
        for _ in range(10):
            time.sleep(0.1)
            os.utime(link, follow_symlinks=False)
            shown[0] = time.monotonic()

    other = threading.Thread(target=show)
    other.start()
    with JournalLock(tmp_path / "journal.log"):
        taken = time.monotonic()
    other.join()
    assert taken - shown[0] > 2.5


def test_who_writes_for_long_shows_that_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hdeeprm.studies.queue.locking.TOUCH_SECONDS", 0.01, raising=False)
    queue = prepared_queue(study(tmp_path, grid={"x": [1]}))
    link = queue.folder / "journal.log.lock"
    with queue.lock:
        before = os.lstat(link).st_mtime_ns
        time.sleep(0.05)
        queue.note("more", 1)
        assert os.lstat(link).st_mtime_ns > before


def test_the_lock_that_another_machine_has_taken_over_is_left_to_it(tmp_path: Path) -> None:
    link = tmp_path / "journal.log.lock"
    with JournalLock(tmp_path / "journal.log"):
        link.unlink()
        link.symlink_to("local:elsewhere:1:1")
    assert os.readlink(link) == "local:elsewhere:1:1"


def test_a_lock_that_fails_closes_no_file_of_others(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    lock = JournalLock(folder / "journal.log")
    with lock:
        pass
    with open(tmp_path / "other", "w") as other:  # has the number that the journal had
        lay_aside(folder)
        with pytest.raises(OSError, match="No such file"):
            lock.acquire()
        other.write("still open")
    assert (tmp_path / "other").read_text() == "still open"


def test_who_belongs_to_a_study_that_was_laid_aside_changes_nothing_in_the_new_one(tmp_path: Path) -> None:
    file = study(tmp_path, grid={"x": [1, 2]})
    old = prepared_queue(file)
    trial = Taker(old, "w").take()
    assert trial is not None
    lay_aside(file.folder)
    with pytest.raises(RunDirectoryError, match="cannot be locked: No such file"):
        finish(old, trial, "COMPLETE", {}, [1.0])
    new = prepared_queue(file)
    before = (file.folder / "journal.log").read_bytes()
    for attempt in (lambda: finish(old, trial, "COMPLETE", {}, [1.0]), old.trials, lambda: plan(old, file)):
        with pytest.raises(RunDirectoryError, match="is another journal now"):
            attempt()
    assert (file.folder / "journal.log").read_bytes() == before
    assert statuses(new) == {0: "waiting", 1: "waiting"}


@pytest.mark.parametrize(
    ("worker", "retried", "message"),
    [
        (local_id(os.getpid()), (), "run 0: worker local:.* still has it; stop its hdeeprm study run"),
        (local_id(os.getpid()), ("unknown",), "still has it"),
        ("local:elsewhere:1:1", (), "nobody here can tell whether worker local:elsewhere:1:1 still lives"),
        ("asked:here:1", (), "tell of the run where it was asked for, or give it up with --retry unknown"),
        ("asked:here:1", ("unknown",), None),
        (local_id(os.getpid()) + "9", (), None),
    ],
    ids=["alive", "alive-retried", "elsewhere", "asked", "asked-retried", "gone"],
)
def test_a_study_is_laid_aside_only_when_nobody_is_at_it(
    tmp_path: Path, worker: str, retried: tuple[str, ...], message: str | None
) -> None:
    file = tracing_study(tmp_path, 2, pause=0.0)
    Taker(prepared(file), worker).take()
    if message is None:
        Study(file.path).run(workers=0, anew=True, retry=retried)
        assert set(statuses(Queue(file.folder)).values()) == {"complete"}
    else:
        with pytest.raises(StudyError, match=message):
            Study(file.path).run(workers=0, anew=True, retry=retried)
    assert (tmp_path / "study-1").exists() == (message is None)


# Workers whose journal or sampler fails


def test_a_journal_that_cannot_be_written_once_fails_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f.py").write_text("def f(options, report):\n    report(1, 0.5)\n    return 0.0\n")
    file = study_from({"run": "f.py:f", "grid": {"x": [1, 2]}}, tmp_path / "study.toml")
    queue = prepared(file)
    from hdeeprm.studies.queue import journal

    write, failures = journal._write_all, [errno.ENOSPC]

    def full_once(handle: Any, content: bytes, place: int) -> None:
        if b"intermediate_value" in content and failures:
            raise OSError(failures.pop(), "No space left on device")
        write(handle, content, place)

    monkeypatch.setattr(journal, "_write_all", full_once)
    with pytest.raises(RunDirectoryError, match="No space left on device"):
        Worker(file, queue).work()
    assert statuses(queue) == {0: "waiting", 1: "waiting"}
    assert Worker(file, queue).work() == 2 and set(statuses(queue).values()) == {"complete"}


def test_a_run_whose_study_cannot_be_made_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise StudyError("no study")

    file = tracing_study(tmp_path, 1)
    queue = prepared(file)
    worker = Worker(file, queue)
    monkeypatch.setattr("hdeeprm.studies.sampling.Studies.of", broken)
    assert worker.work() == 1
    assert queue.run(0).error["message"] == "no study"


def test_a_full_disk_is_told_of_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = prepared_queue(study(tmp_path, grid={"x": [1, 2]}))
    journal = queue.folder / "journal.log"
    before = journal.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        patched.setattr(queue.journal, "_synced", -1e9)
        with pytest.raises(RunDirectoryError, match=r"No space left on device.*run the study again"):
            Taker(queue, "w").take()
    assert journal.read_bytes() == before
    assert done(Queue(queue.folder)) == 0


def test_a_really_full_disk(tmp_path: Path) -> None:
    """A limit on the size of files stands for it: writing fails in the middle of a line."""
    file = tracing_study(tmp_path, 200, pause=0.0)
    prepared(file)
    size = (file.folder / "journal.log").stat().st_size
    code = (
        "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from hdeeprm.cli import main\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size + 5000},) * 2)\n"
        "sys.exit(main(['study', 'worker', sys.argv[1]]))"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(file.path)], capture_output=True, text=True)
    assert ended.returncode == 1 and "cannot be written" in ended.stderr and "Traceback" not in ended.stderr
    queue = Queue(file.folder)
    complete = {n for n, status in statuses(queue).items() if status == "complete"}
    assert 0 < len(complete) < 200
    Study(file.path).run("local", workers=1)
    assert set(statuses(queue).values()) == {"complete"}
    assert all(traces(tmp_path)[f"begin {n}"] == 1 for n in complete)


def test_optuna_itself_reads_the_journal(tmp_path: Path) -> None:
    file = tracing_study(tmp_path, 3, pause=0.0)
    Study(file.path).run(workers=0)
    backend = optuna.storages.journal.JournalFileBackend(str(file.folder / "journal.log"))
    storage = optuna.storages.JournalStorage(backend)
    assert optuna.load_study(study_name="study", storage=storage).best_value == 0.0


@pytest.mark.parametrize(
    ("asked", "launcher", "expected"),
    [
        (3, "local", lambda cpus: 3),
        (None, "local", lambda cpus: cpus),
        (-1, "local", lambda cpus: max(1, cpus - 1)),
    ],
)
def test_number_of_workers(asked: int | None, launcher: str, expected: Callable[[int], int]) -> None:
    assert num_workers(asked, launcher) == expected(len(os.sched_getaffinity(0)))
