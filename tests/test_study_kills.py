"""Whatever is killed: in the end exactly the planned runs are complete, and none that was is run again."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

from hdeeprm.studies.driver import prepared
from hdeeprm.studies.file import StudyFile
from hdeeprm.studies.launchers.identity import is_process_alive
from hdeeprm.studies.queue import Queue, Run, Status
from hdeeprm.studies.queue.records import CAUSE, GONE, PLANNED, STOPPED
from hdeeprm.studies.queue.recovery import recover
from hdeeprm.studies.running import run_study
from hdeeprm.studies.working import work_on
from study_files import command, ended, traces, tracing_study
from waiting import PATIENCE, wait_until

# Python 3.12 warns of forks of processes with threads, such as those of linear algebra.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def complete(runs: dict[int, Run]) -> set[int]:
    return {number for number, run in runs.items() if run.status is Status.COMPLETE}


def run_to_the_end(file: StudyFile, workers: int = 2) -> None:
    run_study(
        file,
        on="local",
        workers=workers,
        limit=None,
        retry=(),
        max_runs_per_worker=None,
        anew=False,
        watch=lambda progress: None,
    )


def check_all_complete(file: StudyFile, num_runs: int) -> None:
    queue = Queue(file.folder)
    assert complete(queue.runs()) == set(range(num_runs))
    assert [run.metrics["loss"] for run in queue.runs().values()] == list(range(num_runs))
    finished = [trial for trial in queue.trials() if trial.state.name == "COMPLETE"]
    assert len(finished) == num_runs  # no run was counted twice
    everything = queue.storage.get_all_trials(queue.id, deepcopy=False)
    assert all(trial.user_attrs.get(PLANNED) for trial in everything)  # none was invented


def test_kill_of_every_worker_twenty_times(tmp_path: Path) -> None:
    num_kills, num_workers, most_runs, rng = 20, 2, 9, random.Random(7)
    num_runs = num_kills * num_workers * most_runs + 1  # more than there can be done before the last kill
    file = tracing_study(tmp_path, num_runs, pause=0.02)
    prepared(file)
    context = multiprocessing.get_context("fork")
    begun_when_complete: dict[int, int] = {}
    for index in range(num_kills):
        recover(Queue(file.folder), is_process_alive)
        before = traces(tmp_path).total()
        arguments = (file.path, (), None, most_runs)
        workers = [context.Process(target=work_on, args=arguments) for _ in range(num_workers)]
        for worker in workers:
            worker.start()
        if index % 2:  # half of the kills come when runs are under way, the others at any time
            wait_until(lambda before=before: traces(tmp_path).total() > before, pause=0.005)
        time.sleep(rng.uniform(0.0, 0.15))
        for worker in workers:
            os.kill(worker.pid or 0, signal.SIGKILL)
            worker.join()
        done, seen = complete(Queue(file.folder).runs()), traces(tmp_path)
        begun_when_complete |= {n: seen[f"begin {n}"] for n in done - set(begun_when_complete)}
    assert 0 < len(begun_when_complete) < num_runs  # the kills came in the middle
    run_to_the_end(file)
    check_all_complete(file, num_runs)
    again = {n for n, count in begun_when_complete.items() if traces(tmp_path)[f"begin {n}"] != count}
    assert again == set()
    causes = [trial.user_attrs.get(CAUSE) for trial in Queue(file.folder).trials()]
    assert causes.count(GONE) > 5


@pytest.mark.slow
def test_kill_of_every_worker_command_twenty_times(tmp_path: Path) -> None:
    num_runs, rng = 150, random.Random(11)
    file = tracing_study(tmp_path, num_runs, pause=0.05)
    queue = prepared(file)
    begun_when_complete: dict[int, int] = {}
    for _ in range(20):
        recover(queue, is_process_alive)
        workers = [command("worker", file.path) for _ in range(2)]
        time.sleep(rng.uniform(0.5, 2.0))
        for worker in workers:
            worker.kill()
            worker.communicate()
        done, seen = complete(queue.runs()), traces(tmp_path)
        begun_when_complete |= {n: seen[f"begin {n}"] for n in done - set(begun_when_complete)}
    run_to_the_end(file)
    check_all_complete(file, num_runs)
    again = {n for n, count in begun_when_complete.items() if traces(tmp_path)[f"begin {n}"] != count}
    assert begun_when_complete and again == set()


def test_a_driver_that_lives_replaces_killed_workers(tmp_path: Path) -> None:
    num_runs = 30
    file = tracing_study(tmp_path, num_runs, pause=0.1)
    driver = command("run", file.path, "--on", "local", "--workers", "2")
    queue = _queue_when_started(file)
    for _ in range(2):
        victim = _worker_of_a_run(queue)
        os.kill(int(victim.split(":")[2]), signal.SIGKILL)
        time.sleep(0.2)
    assert driver.wait(PATIENCE) == 0
    driver.communicate()
    check_all_complete(file, num_runs)
    assert [trial.user_attrs.get(CAUSE) for trial in queue.trials()].count(GONE) == 2


def test_a_killed_driver_loses_nothing(tmp_path: Path) -> None:
    num_runs = 20
    file = tracing_study(tmp_path, num_runs, pause=0.05)
    driver = command("run", file.path, "--on", "local", "--workers", "1")
    queue = _queue_when_started(file)
    _worker_of_a_run(queue)
    driver.kill()
    driver.communicate()
    run_to_the_end(file)  # beside the worker that the driver has left behind
    while any(run.status is Status.RUNNING for run in queue.runs().values()):
        time.sleep(0.05)
    check_all_complete(file, num_runs)
    assert all(traces(tmp_path)[f"begin {n}"] == 1 for n in range(num_runs))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_asked_to_end_puts_its_run_back(tmp_path: Path, number: signal.Signals) -> None:
    file = tracing_study(tmp_path, 3, pause=30.0)
    worker = command("worker", file.path)
    queue = _queue_when_started(file)
    _worker_of_a_run(queue)
    worker.send_signal(number)
    assert worker.wait(PATIENCE) == 143
    worker.communicate()
    assert {run.status for run in queue.runs().values()} == {Status.WAITING}
    assert [trial.user_attrs.get(CAUSE) for trial in queue.trials()] == [STOPPED, None, None, None]
    assert queue.run(0).attempt == 2


def test_ctrl_c_stops_driver_and_workers(tmp_path: Path) -> None:
    file = tracing_study(tmp_path, 4, pause=30.0)
    driver = command("run", file.path, "--on", "local", "--workers", "2")
    queue = _queue_when_started(file)
    worker = _worker_of_a_run(queue)
    driver.send_signal(signal.SIGINT)
    _, errors = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 130 and "0 of 4 runs are complete" in errors
    assert is_process_alive(worker) is False
    assert {run.status for run in queue.runs().values()} == {Status.WAITING}


def test_two_drivers_at_once_run_everything_once(tmp_path: Path) -> None:
    num_runs = 40
    file = tracing_study(tmp_path, num_runs, pause=0.02)
    drivers = [command("run", file.path, "--on", "local", "--workers", "2") for _ in range(2)]
    outputs = [driver.communicate(timeout=PATIENCE) for driver in drivers]
    assert [driver.returncode for driver in drivers] == [0, 0], outputs
    check_all_complete(file, num_runs)
    assert all(traces(tmp_path)[f"begin {n}"] == 1 for n in range(num_runs))


def test_a_run_that_kills_its_workers_fails_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "deadly.py").write_text(
        "import os\n\ndef work(options):\n    return os.kill(os.getpid(), 9) if options['x'] == 1 else 0.0\n"
    )
    path = tmp_path / "study.toml"
    path.write_text('run = "deadly.py:work"\n[grid]\nx = [0, 1, 2]\n')
    code, out, _ = ended("run", path, "--on", "local", "--workers", "1")
    assert code == 1 and "run 1 failed: WorkerDied: 5 workers died of it" in out
    assert complete(Queue(tmp_path / "study").runs()) == {0, 2}


def test_a_corrupt_last_line_counts_as_not_written(tmp_path: Path) -> None:
    file = tracing_study(tmp_path, 5)
    prepared(file)
    journal = file.folder / "journal.log"
    with open(journal, "ab") as out:
        out.write(b'{"op_code":6,"trial_id":0,"sta')
    assert len(Queue(file.folder).runs()) == 5  # a reader leaves it out
    run_to_the_end(file, workers=1)
    check_all_complete(file, 5)
    assert b'"sta{' not in journal.read_bytes()  # the next writer has taken it away


def _queue_when_started(file: StudyFile) -> Queue:
    """The queue, once all runs are in."""
    wait_until((file.folder / "journal.log").exists)
    queue = Queue(file.folder, file.directions)
    wait_until(queue.is_planned)
    return queue


def _worker_of_a_run(queue: Queue) -> str:
    """The worker of some run that is under way."""

    def found() -> list[str]:
        running = [run.worker for run in queue.runs().values() if run.status is Status.RUNNING]
        return [worker for worker in running if is_process_alive(worker)]

    return wait_until(found)[0]
