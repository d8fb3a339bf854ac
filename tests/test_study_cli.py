"""``hdeeprm study`` as its users meet it, with real workers."""

from __future__ import annotations

import argparse
import csv
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from hdeeprm.cli import main
from hdeeprm.errors import StudyError
from hdeeprm.studies import Study
from hdeeprm.studies.environment import FLAGS
from hdeeprm.studies.progress import Progress
from hdeeprm.studies.queue import Queue, Status
from hdeeprm.studies.showing.graphite import lines_of
from hdeeprm.studies.showing.live import progress_text, rate_text
from hdeeprm.verbs.study import add_arguments
from study_files import command, ended, traces, tracing_study, write
from waiting import PATIENCE

OWN = """
seeds = [1, 2]
[options]
workload_file_path = "gaia_like.swf"
nb_jobs = 30
[grid]
platform_file_path = ["gaia", "mc2"]
selection = ["first-high_gflops", "shortest-high_gflops"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("HDEEPRM_STUDY_")]:
        monkeypatch.delenv(name)
    (tmp_path / "f.py").write_text(
        "def f(options):\n    print('said', options['x'])\n    return {'loss': options['x'] / 3}\n"
    )
    return tmp_path


def functions(folder: Path, extra: str = "") -> Path:
    return write(folder, f'run = "f.py:f"\nmetric = "loss"\n{extra}\n[grid]\nx = [3, 1, 2]\n')


def test_a_grid_of_own_runs_from_the_command_line(folder: Path) -> None:
    path = write(folder, OWN)
    code, out, errors = ended("run", path, "--on", "local", "--workers", "2")
    assert code == 0, errors
    assert "8 runs: 8 complete" in out and "wall time in s: 50 %" in out
    assert "8 of 8 runs" in errors
    code, out, _ = ended("show", path, "--by", "selection", "--csv", folder / "out.csv")
    assert code == 0 and "regret" in out and "shortest-high_gflops" in out
    with open(folder / "out.csv", newline="") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 8 and {row["seed"] for row in rows} == {"1", "2"}
    metrics = json.loads((folder / "study/runs/0003/metrics.json").read_text())
    assert float(rows[3]["mean_bounded_slowdown"]) == metrics["mean_bounded_slowdown"]  # in full


def test_logs_of_workers_hold_everything(folder: Path) -> None:
    ended("run", functions(folder), "--on", "local", "--workers", "1")
    (log,) = (folder / "study").glob("worker-*.log")
    text = log.read_text()
    assert "run 0 begins, attempt 1" in text and 'run 2: complete {"metrics": {"loss": 0.66' in text
    assert (folder / "study" / "runs" / "0000" / "stdout.txt").read_text() == "said 3\n"


def test_show_sorts_and_tells_the_best(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(functions(folder))
    Study(path).run(workers=0)
    capsys.readouterr()
    assert main(["study", "show", path, "--sort", "loss"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "complete │" in line]
    assert [line.split("│")[3].strip() for line in lines] == ["1", "2", "3"]
    assert main(["study", "show", path, "--sort=-x"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "complete │" in line]
    assert [line.split("│")[3].strip() for line in lines] == ["3", "2", "1"]
    assert main(["study", "show", path, "--best"]) == 0
    (best,) = json.loads(capsys.readouterr().out)
    assert best == {"run": 1, "options": {"x": 1}, "metrics": {"loss": 1 / 3}}
    assert main(["study", "show", path, "--sort", "lss"]) == 2
    assert "'lss' is no column of the table" in capsys.readouterr().err


def test_failed_runs_make_the_exit_code_one(folder: Path) -> None:
    (folder / "f.py").write_text("def f(options):\n    return {'loss': 1 / (options['x'] - 1)}\n")
    code, out, _ = ended("run", functions(folder), "--on", "local", "--workers", "1")
    assert code == 1
    assert "3 runs: 2 complete, 1 failed" in out
    assert "run 1 failed: ZeroDivisionError: division by zero" in out


def test_environment_comes_before_the_command_line_and_that_before_the_file(folder: Path) -> None:
    path = functions(folder, "workers = 1")
    code, _, errors = ended(
        "run", path, "--on", "nowhere", "--limit", "3", HDEEPRM_STUDY_LIMIT="2", HDEEPRM_STUDY_ON="local"
    )
    assert code == 0, errors
    queue = Queue(folder / "study")
    assert [run.status for run in queue.runs().values()] == [Status.COMPLETE, Status.COMPLETE, Status.WAITING]
    code, out, _ = ended("show", path, HDEEPRM_STUDY_BEST="yes")
    assert code == 0 and json.loads(out)[0]["run"] == 1
    sets = "options.y=5 options.z=6"
    code, out, _ = ended(
        "ask", write(folder, 'run = "f.py:f"\n[options]\ny = 1\n', "t.toml"), HDEEPRM_STUDY_SET=sets
    )
    assert json.loads(out)["options"] == {"y": 5, "z": 6}


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("LIMIT", "many", "HDEEPRM_STUDY_LIMIT: 'many' was given; a whole number is wanted"),
        ("LIMIT", "0", "HDEEPRM_STUDY_LIMIT: 0 is too few; give 1 or more"),
        (
            "RETRY",
            "faild",
            "HDEEPRM_STUDY_RETRY: 'faild' was given; one of failed, pruned, unknown is wanted",
        ),
        ("ANEW", "perhaps", "HDEEPRM_STUDY_ANEW: 'perhaps' was given; one of 1, true"),
        ("ON", "slrum", "on: 'slrum' is not known; one of local, slurm, ray. Did you mean 'slurm'?"),
        ("LIMT", "1", "HDEEPRM_STUDY_LIMT: no flag has this twin; one of HDEEPRM_STUDY_SET, "),
        ("LIMT", "1", "Did you mean 'HDEEPRM_STUDY_LIMIT'?"),
        ("SET", "foo", "HDEEPRM_STUDY_SET: 'foo': key=value is wanted"),
    ],
)
def test_wrong_values_of_the_environment(
    folder: Path,
    variable: str,
    value: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"HDEEPRM_STUDY_{variable}", value)
    assert main(["study", "run", str(functions(folder))]) == 2
    assert message in capsys.readouterr().err


def test_every_flag_has_a_twin() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    verbs = parser._subparsers._group_actions[0].choices.values()  # type: ignore[union-attr]
    flags = {action.dest for verb in verbs for action in verb._actions if action.option_strings}
    assert flags - {"help"} == set(FLAGS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "study.toml"], "study: the study was not started yet; start it with: hdeeprm study run"),
        (["run", "stduy.toml"], "stduy.toml: no such file. Did you mean 'study.toml'?"),
        (["worker", "stduy.toml"], "stduy.toml: no such file. Did you mean 'study.toml'?"),
        (["run", "study.toml", "--set", "metrci=3"], "metrci: unknown key"),
        (["tell", "study.toml", "9", "1.0"], "run 9: there is none; the study has runs 0 to 2"),
        (
            ["tell", "study.toml", "0", "1.0"],
            "run 0: is waiting; only a run that was asked for can be told of",
        ),
    ],
)
def test_one_clear_error_for_each_mistake(
    folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    functions(folder)
    assert main(["study", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.startswith("error: ") and captured.out == ""


def test_a_changed_file_is_refused_and_anew_begins_from_nothing(folder: Path) -> None:
    path = functions(folder, "[options]\ny = 1")
    assert ended("run", path, "--on", "local", "--workers", "1")[0] == 0
    code, _, errors = ended("run", path, "--on", "local", "--set", "options.y=2")
    assert code == 2 and "options.y: was 1 when" in errors and "--anew" in errors
    code, _, _ = ended("run", path, "--on", "local", "--workers", "1", "--set", "options.y=2", "--anew")
    assert code == 0 and (folder / "study-1" / "journal.log").exists()


def test_workers_are_replaced_after_some_runs(folder: Path) -> None:
    code, _, errors = ended(
        "run", functions(folder), "--on", "local", "--workers", "1", "--max-runs-per-worker", "1"
    )
    assert code == 0, errors
    runs = Queue(folder / "study").runs().values()
    assert len({run.worker for run in runs}) == 3


def test_workers_that_cannot_begin_are_told_of(folder: Path) -> None:
    path = functions(folder)
    (folder / "f.py").write_text(
        "import sys\nif 'worker' in sys.argv:\n    raise OSError('no such thing here')\n"
        "def f(options):\n    return 1\n"
    )
    code, _, errors = ended("run", path, "--on", "local", "--workers", "2")
    assert code == 2
    assert "the workers have ended, and 3 runs still wait; they printed:" in errors
    assert "no such thing here" in errors


def test_ask_and_tell(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(functions(folder, "seeds = [7]"))
    for number, told in enumerate((["-5e-07"], ["failed"], ["pruned"])):
        assert main(["study", "ask", path]) == 0
        asked = json.loads(capsys.readouterr().out)
        assert asked == {"run": number, "options": {"x": [3, 1, 2][number]}, "seeds": [7]}
        assert main(["study", "tell", path, str(number), *told]) == 0
    assert main(["study", "ask", path]) == 0
    assert json.loads(capsys.readouterr().out) is None
    runs = Queue(folder / "study").runs()
    assert [run.status.value for run in runs.values()] == ["complete", "failed", "pruned"]
    assert runs[0].metrics == {"loss": -5e-07}
    assert main(["study", "tell", path, "0", "0.7"]) == 2
    assert "run 0: is complete; only a run that was asked for" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (["-inf"], "metric: 'loss' is -inf; a finite number is wanted"),
        (["faild"], "tell: 'faild' is neither a number, metrics as JSON, nor one of failed, pruned."),
        (["1", "2"], "tell: 1 values (loss) are wanted; 2 were given"),
        (["nan"], "metric: 'loss' is nan; a finite number is wanted"),
    ],
)
def test_wrong_results_are_not_taken(
    folder: Path, told: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(functions(folder))
    main(["study", "ask", path])
    assert main(["study", "tell", path, "0", *told]) == 2
    assert message in capsys.readouterr().err
    assert Queue(folder / "study").run(0).status is Status.RUNNING


def test_ask_searches(folder: Path) -> None:
    path = write(folder, 'run = "f.py:f"\ntrials = 2\n[search]\nx = {low = 1.0, high = 2.0}\n')
    study = Study(path)
    asked = study.ask()
    assert asked is not None and 1 <= asked["options"]["x"] <= 2
    study.tell(asked["run"], {"value": 3.0, "more": 1})
    assert study.best is not None and study.best.metrics == {"value": 3.0, "more": 1}
    Study(path).run(workers=0, limit=1)
    assert len(study.missing) == 1  # what was asked for stays with who asked


def test_watch_shows_progress_until_the_study_is_over(folder: Path) -> None:
    file = tracing_study(folder, 30, pause=0.1)
    driver = command("run", file.path, "--on", "local", "--workers", "1")
    while not (file.folder / "journal.log").exists():
        time.sleep(0.05)
    time.sleep(0.5)
    code, out, errors = ended("show", file.path, "--watch")
    driver.communicate(timeout=PATIENCE)
    assert code == 0 and "30 of 30 runs" in errors and "30 runs: 30 complete" in out


def test_a_worker_by_hand_needs_no_driver(folder: Path) -> None:
    path = functions(folder)
    assert ended("worker", path, "--max-runs-per-worker", "2")[0] == 0
    assert ended("worker", path)[0] == 0
    assert {run.status for run in Queue(folder / "study").runs().values()} == {Status.COMPLETE}


def test_runs_of_workers_that_nobody_can_ask_are_left_alone_until_told_otherwise(folder: Path) -> None:
    from hdeeprm.studies.driver import prepared
    from hdeeprm.studies.queue.taking import Taker

    file = tracing_study(folder, 2, pause=0.0)
    Taker(prepared(file), "local:elsewhere:1:1").take()
    code, _, errors = ended("run", file.path, "--on", "local", "--workers", "1")
    assert code == 1 and "note: runs 0: nobody here can tell" in errors and "--retry unknown" in errors
    assert traces(folder)["begin 0"] == 0
    ended("run", file.path, "--on", "local", "--workers", "1", "--retry", "unknown")
    assert traces(folder) == {f"{what} {n}": 1 for n in (0, 1) for what in ("begin", "end")}


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize("worker", ["local:elsewhere:1:1", "asked:here:1"])
def test_runs_that_nobody_tells_of_are_taken_back_by_whoever_runs_the_study(
    folder: Path, worker: str, workers: str
) -> None:
    from hdeeprm.studies.driver import prepared
    from hdeeprm.studies.queue.taking import Taker

    file = tracing_study(folder, 1, pause=0.0)
    Taker(prepared(file), worker).take()
    code, _, errors = ended("run", file.path, "--on", "local", "--workers", workers)
    assert code == 1 and "note: runs 0: nobody here can tell" in errors
    assert Queue(file.folder).run(0).status is Status.RUNNING
    ended("run", file.path, "--on", "local", "--workers", workers, "--retry", "unknown")
    assert Queue(file.folder).run(0).status is Status.COMPLETE


def test_a_run_that_cannot_be_sampled_is_not_given_away(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise StudyError("sampler: broken")

    path = write(folder, 'run = "f.py:f"\ntrials = 1\n[search]\nx = {low = 1.0, high = 2.0}\n')
    with monkeypatch.context() as patched, pytest.raises(StudyError, match="broken"):
        patched.setattr("hdeeprm.studies.sampling.sampled_study", broken)
        Study(path).ask()
    asked = Study(path).ask()
    assert asked is not None and asked["run"] == 0


def test_the_schema_of_study_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--study"]) == 0
    assert "pruner" in json.loads(capsys.readouterr().out)["properties"]


def test_without_optuna_the_error_says_what_to_install(folder: Path) -> None:
    code = (
        "import sys; sys.modules['optuna'] = None; from hdeeprm.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    path = functions(folder)
    words = [sys.executable, "-c", code, "study", "run", str(path)]
    process = subprocess.run(words, capture_output=True, text=True)
    assert process.returncode == 1
    assert process.stderr == 'error: studies need optuna: pip install "hdeeprm[study]"\n'


def test_on_a_terminal_there_is_a_bar(folder: Path) -> None:
    primary, secondary = pty.openpty()
    words = [sys.executable, "-m", "hdeeprm", "study", "run", str(functions(folder)), "--workers", "1"]
    process = subprocess.Popen([*words, "--on", "local"], stdout=subprocess.DEVNULL, stderr=secondary)
    os.close(secondary)
    shown = b""
    with suppress(OSError):  # which is how a terminal ends
        while block := os.read(primary, 4096):
            shown += block
    os.close(primary)
    assert process.wait(PATIENCE) == 0
    assert "━".encode() in shown and b"best loss" in shown


# What is shown


def progress(**changes: object) -> Progress:
    counts = {Status.COMPLETE: 5, Status.RUNNING: 2, Status.FAILED: 1, Status.WAITING: 12}
    values = {
        "counts": counts,
        "num_errors": 1,
        "num_attempts": 6,
        "num_workers": 2,
        "seconds": 10.0,
        "num_ended_here": 5,
        "best": (3, 0.25),
    }
    return Progress(**{**values, **changes})  # type: ignore[arg-type]


def test_progress_in_words() -> None:
    text = progress_text(progress(), "loss")
    assert (
        text
        == "2 running, 1 failed, 1 exceptions, 2 workers, 30.0 runs/min, 28 s left, best loss 0.25 (run 3)"
    )
    assert [rate_text(rate) for rate in (5, 0.5, 0.001)] == ["5.0 runs/s", "30.0 runs/min", "3.6 runs/h"]


def test_progress_goes_to_graphite(folder: Path) -> None:
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_receive, args=(server, received))
        thread.start()
        port = server.getsockname()[1]
        path = write(
            folder,
            f'run = "f.py:f"\ngraphite = {{host = "127.0.0.1", port = {port}, prefix = "my"}}\n'
            "metric = 'loss'\n[grid]\nx = [1, 2]\n",
        )
        assert ended("run", path, "--on", "local", "--workers", "1")[0] == 0
        thread.join(PATIENCE)
    assert b"my.total 2 " in b"".join(received)
    assert lines_of(progress(), "p", 7).splitlines()[:2] == ["p.waiting 12 7", "p.running 2 7"]


def _receive(server: socket.socket, received: list[bytes]) -> None:
    connection, _ = server.accept()
    with connection:
        received.append(connection.recv(4096))


def test_sigterm_to_the_driver_ends_its_workers(folder: Path) -> None:
    file = tracing_study(folder, 4, pause=30.0)
    driver = command("run", file.path, "--on", "local", "--workers", "1")
    while not traces(folder):
        time.sleep(0.05)
    driver.send_signal(signal.SIGTERM)
    _, errors = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 130 and "stopped; 0 of 4 runs are complete" in errors
