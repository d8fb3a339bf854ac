"""The command line as its users meet it: results, and one clear error for each kind of bad input."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import pytest

from hdeeprm.cli import clean, launch, main
from waiting import PATIENCE

Launch = Callable[..., int]

SWF_LINE = "{id} {submit} -1 {run} {cores} -1 -1 {cores} 100 -1 1 -1 -1 -1 -1 -1 -1 -1\n"


def swf(*jobs: dict[str, Any]) -> str:
    return "".join(
        SWF_LINE.format(**{"id": k + 1, "submit": k, "run": 50, "cores": 1} | job)
        for k, job in enumerate(jobs)
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trace.swf").write_text(swf({}, {"cores": 2}, {"run": 10}), encoding="utf-8")
    return tmp_path


def write_options(folder: Path, **changes: Any) -> Path:
    content = {"platform_file_path": "learning", "workload_file_path": "trace.swf", **changes}
    path = folder / "options.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def errors_of(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert "Traceback" not in captured.err
    return captured.err


# What works.


def test_launch_writes_a_run_and_shows_metrics(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch([str(write_options(folder)), "-o", "out"]) == 0
    shown = capsys.readouterr().out
    assert "mean_bounded_slowdown" in shown and "Run directory: out" in shown
    assert json.loads((folder / "out" / "run.json").read_text())["status"] == "complete"
    metrics = json.loads((folder / "out" / "metrics.json").read_text())
    assert metrics["num_jobs"] == 3 and metrics["num_finished"] == 3


def test_json_prints_metrics_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch([str(write_options(folder)), "-o", "out", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((folder / "out" / "metrics.json").read_text())


def test_used_options_run_again_to_the_same_bytes(folder: Path) -> None:
    launch([str(write_options(folder, agent={"name": "random"}, seed=5)), "-o", "one"])
    launch(["one/options.json", "-o", "two", "--seed", "5"])
    for name in ("out_jobs.csv", "decisions.csv", "metrics.json", "options.json", "rewards.csv"):
        assert (folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes(), name


def test_repeats_have_their_own_seeds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch([str(write_options(folder, seed=3)), "-o", "out", "-nr", "2"]) == 0
    seeds = [json.loads((folder / "out" / k / "options.json").read_text())["seed"] for k in "01"]
    assert seeds == [3, 4]
    assert "2 runs" in capsys.readouterr().out


def test_default_run_directory_is_under_runs(folder: Path) -> None:
    assert launch([str(write_options(folder)), "--json"]) == 0
    assert [path.name.startswith("options-") for path in (folder / "runs").iterdir()] == [True]


def test_custom_workload_takes_the_place_of_the_trace(folder: Path) -> None:
    assert (
        launch([str(write_options(folder, workload_file_path="")), "-cw", "learning.json", "-o", "out"]) == 0
    )
    assert json.loads((folder / "out" / "metrics.json").read_text())["num_jobs"] == 2


def test_clean_removes_runs_and_nothing_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    launch([str(write_options(folder)), "-o", "runs/one"])
    (folder / "runs" / "notes").mkdir()
    (folder / "runs" / "notes" / "mine.txt").write_text("mine", encoding="utf-8")
    assert clean(["-n"]) == 0
    assert (folder / "runs" / "one").exists()
    assert clean([]) == 0
    assert not (folder / "runs" / "one").exists()
    assert (folder / "runs" / "notes" / "mine.txt").exists()


def test_platform_shows_hierarchy_gflops_and_watts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["platform", "gaia"]) == 0
    shown = capsys.readouterr().out
    for word in ("gaia_cluster", "SGI UV-2000", "2,280", "GFLOPS", "watts"):
        assert word in shown


def test_schema_and_versions_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert "platform_file_path" in json.loads(capsys.readouterr().out)["properties"]
    assert main(["versions"]) == 0
    assert "hdeeprm" in json.loads(capsys.readouterr().out)


def test_generate_makes_the_shipped_trace_again(folder: Path) -> None:
    shipped = Path(__file__).parents[1] / "workloads" / "gaia_like.swf"
    command = next(line for line in shipped.read_text().splitlines() if line.startswith("; Command:"))
    assert main(command.removeprefix("; Command: hdeeprm ").split()) == 0
    assert (folder / "gaia_like.swf").read_bytes() == shipped.read_bytes()


# What does not.


def test_missing_options_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch(["nowhere.json"]) == 2
    assert "nowhere.json" in errors_of(capsys)


def test_syntax_error_has_line_and_column(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "options.json").write_text('{"seed": 1,\n "nb_jobs" 5}', encoding="utf-8")
    assert launch(["options.json"]) == 2
    assert "options.json:2:12" in errors_of(capsys)


def test_all_wrong_options_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {"env": {"objective": "avg_slowdown", "observation": "norml", "queue_sensitivity": -1}}
    path = write_options(folder, **wrong, seed="1", nb_job=5)
    assert launch([str(path)]) == 2
    message = errors_of(capsys)
    for part in ("env.objective", "'normal'", "env.queue_sensitivity", "seed", "nb_jobs"):
        assert part in message, part
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "code", "parts"),
    [
        ({"platform_file_path": "gaja"}, 1, ["gaja", "'gaia'"]),
        ({"nb_resources": 5}, 2, ["nb_resources", "5", "4"]),
        ({"workload_file_path": "trce.swf"}, 1, ["trce.swf", "'trace.swf'"]),
        ({"workload_file_path": ""}, 2, ["workload_file_path", "-cw"]),
        ({"workload": {"window": {"start": 2, "length": 5}}}, 2, ["window", "3"]),
        ({"agent": {"name": "shortest-high_flop"}}, 2, ["agent.name", "high_flop"]),
        ({"agent": {"type": "LEARNING"}}, 2, ["agent.type", "LEARNING"]),
        ({"simulator": {"backend": "batsin"}}, 2, ["simulator.backend", "'batsim'"]),
        (
            {"simulator": {"backend": "batsim", "batsim_command": "no-such-batsim"}},
            1,
            ["no-such-batsim", "PATH", "hdeeprm-batsim"],
        ),
    ],
)
def test_wrong_values(
    folder: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], code: int, parts: list[str]
) -> None:
    assert launch([str(write_options(folder, **changes))]) == code
    message = errors_of(capsys)
    for part in parts:
        assert part in message, part


LINK = {"type": "InfiniBand QDR", "latency": "0us"}


@pytest.mark.parametrize(
    ("platform", "parts"),
    [
        ({"clusters": [], "global_links": LINK}, ["clusters"]),
        (
            {
                "clusters": [
                    {"id": "a", "nodes": [{"type": "Bulx B500-0", "number": 0}], "local_links": LINK}
                ],
                "global_links": LINK,
            },
            ["clusters[0].nodes[0].type", "'Bullx B500-0'", "clusters[0].nodes[0].number", "0"],
        ),
        (
            {
                "clusters": [{"id": "a", "nodes": [{"type": "Test0", "number": -3}], "local_links": LINK}],
                "global_links": LINK,
            },
            ["clusters[0].nodes[0].number", "-3"],
        ),
    ],
)
def test_wrong_platforms(
    folder: Path, capsys: pytest.CaptureFixture[str], platform: dict[str, Any], parts: list[str]
) -> None:
    (folder / "platform.json").write_text(json.dumps(platform), encoding="utf-8")
    assert launch([str(write_options(folder, platform_file_path="platform.json"))]) == 1
    message = errors_of(capsys)
    for part in ["platform.json", *parts]:
        assert part in message, part


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["trace.swf", "empty"]),
        ("; only\n; comments\n", ["trace.swf"]),
        (swf({}) + "2 5 -1 50\n" + swf({}), ["trace.swf:2"]),
        (swf({}) + "2 five -1 50 1 -1 -1 1 100 -1 1 -1 -1 -1 -1 -1 -1 -1\n", ["trace.swf:2", "five"]),
        (swf({"cores": -1}), ["no processors"]),
        (swf({"cores": 400}), ["1 of 1 jobs", "learning"]),
    ],
)
def test_wrong_traces(folder: Path, capsys: pytest.CaptureFixture[str], text: str, parts: list[str]) -> None:
    (folder / "trace.swf").write_text(text, encoding="utf-8")
    assert launch([str(write_options(folder))]) == 1
    message = errors_of(capsys)
    for part in parts:
        assert part in message, part
    assert not (folder / "runs").exists()


def test_skipped_disordered_and_oversized_jobs_are_reported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = swf({"submit": 9}, {"submit": 3}, {"run": -5}, {"submit": -2}, {"cores": 7})
    (folder / "trace.swf").write_text(jobs, encoding="utf-8")
    assert launch([str(write_options(folder)), "-o", "out"]) == 0
    shown = capsys.readouterr().out
    for part in (
        "records skipped for negative run time: 1",
        "negative submit time: 1",
        "order",
        "jobs rejected",
    ):
        assert part in shown, part
    assert "negative run time" in (folder / "out" / "insights.log").read_text()


def test_oversized_job_as_an_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "trace.swf").write_text(swf({}, {"cores": 7}), encoding="utf-8")
    assert launch([str(write_options(folder, workload={"oversized": "error"}))]) == 1
    assert "1 of 2 jobs" in errors_of(capsys)


def test_directory_with_another_run_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_options(folder)
    launch([str(path), "-o", "out", "--json"])
    capsys.readouterr()
    before = {file.name: file.read_bytes() for file in (folder / "out").iterdir()}
    assert launch([str(path), "-o", "out"]) == 1
    assert "out" in errors_of(capsys)
    assert {file.name: file.read_bytes() for file in (folder / "out").iterdir()} == before


def test_directory_that_cannot_be_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch([str(write_options(folder)), "-o", "trace.swf/out"]) == 1
    assert "trace.swf" in errors_of(capsys)


def test_wrong_arguments_exit_with_2(folder: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        launch([str(write_options(folder)), "-nr", "0"])
    assert stop.value.code == 2


def start(folder: Path, *arguments: str, **settings: Any) -> subprocess.Popen[str]:
    script = "import sys; from hdeeprm.cli import launch; sys.exit(launch(sys.argv[1:]))"
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **settings,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_is_marked_incomplete(folder: Path, number: signal.Signals) -> None:
    trace = swf(*({"submit": k // 2, "run": 100000} for k in range(400000)))
    (folder / "trace.swf").write_text(trace, encoding="utf-8")
    process = start(folder, str(write_options(folder, agent={"name": "random"})), "-o", "out")
    while not (folder / "out" / "options.json").exists() and process.poll() is None:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert json.loads((folder / "out" / "run.json").read_text())["status"] == "incomplete"
    assert not (folder / "out" / "metrics.json").exists()


def test_full_disk_leaves_nothing_half_written(folder: Path) -> None:
    (folder / "trace.swf").write_text(swf(*({} for _ in range(3000))), encoding="utf-8")

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    settings = {"preexec_fn": small_files, "env": {**os.environ, "NUMBA_DISABLE_JIT": "1"}}
    process = start(folder, str(write_options(folder)), "-o", "out", **settings)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert re.search(r"error: .*out.*large|error: .*out.*space", err, re.IGNORECASE), err
    left = {file.name for file in (folder / "out").iterdir()}
    assert "out_jobs.csv" not in left and not [name for name in left if "tmp" in name]
    assert json.loads((folder / "out" / "run.json").read_text())["status"] == "failed"


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="looks at a compiled start")
def test_classic_run_loads_no_torch(folder: Path) -> None:
    script = (
        "import sys; from hdeeprm.cli import launch; launch(sys.argv[1:]); "
        "print([name for name in ('torch', 'pandas', 'matplotlib') if name in sys.modules])"
    )
    arguments = [sys.executable, "-c", script, str(write_options(folder)), "-o", "out"]
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# What an adversary tries.


def test_figures_that_would_overflow_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each of these once made times infinite or negative inside the kernel."""
    (folder / "trace.swf").write_text(swf({}, {"run": "1e300"}), encoding="utf-8")
    assert launch([str(write_options(folder))]) == 1
    assert "job 2: run_time 1e+300" in errors_of(capsys)
    (folder / "trace.swf").write_text(swf({"submit": 0}, {"submit": "1.7e308"}), encoding="utf-8")
    assert launch([str(write_options(folder))]) == 1
    assert "submit_time" in errors_of(capsys)


@pytest.mark.parametrize(
    ("profile", "part"),
    [({"req_time": 1e-320}, "requested_time"), ({"req_time": 5, "mem_bw": 9e12}, "bandwidth_mb_per_s")],
)
def test_profiles_that_would_overflow_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], profile: dict[str, float], part: str
) -> None:
    jobs = [{"id": 1, "subtime": 0, "res": 1, "profile": "p"}]
    kind = {"type": "parallel_homogeneous", "com": 0, **profile}
    content = {"nb_res": 4, "jobs": jobs, "profiles": {"p": kind}}
    (folder / "jobs.json").write_text(json.dumps(content), encoding="utf-8")
    assert launch([str(write_options(folder)), "-cw", "jobs.json"]) == 1
    assert part in errors_of(capsys)


def test_processors_that_would_overflow_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fast = {"cores": 1, "clock_ghz": 1e6, "flop_per_cycle": 1e6, "power_watts": 1, "bandwidth_gb_per_s": 1}
    types = {
        "processors": {"Fast": fast},
        "nodes": {"N": {"processors": [{"type": "Fast", "number": 1}], "memory_gb": 1}},
    }
    nodes = [{"type": "N", "number": 1}]
    platform = {"clusters": [{"id": "a", "nodes": nodes, "local_links": LINK}], "global_links": LINK}
    (folder / "platform.json").write_text(json.dumps({**platform, "types": types}), encoding="utf-8")
    assert launch([str(write_options(folder, platform_file_path="platform.json"))]) == 1
    assert "types.processors.Fast" in errors_of(capsys)


def test_names_are_not_markup(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch([str(write_options(folder)), "-o", "out_[bold]"]) == 0
    assert "Run directory: out_[bold]" in capsys.readouterr().out


def test_a_misspelt_choice_or_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch([str(write_options(folder, workload={"run_time": "loged"}))]) == 2
    assert "workload.run_time: 'loged' is not allowed; one of logged, synthetic" in errors_of(capsys)


def test_a_pipe_is_no_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(folder / "pipe")
    assert launch(["pipe"]) == 2
    assert "no regular file" in errors_of(capsys)
    assert launch([str(write_options(folder)), "-cw", "pipe"]) == 1
    assert "no regular file" in errors_of(capsys)


def test_generate_replaces_nothing_unasked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "trace.swf").read_bytes()
    assert main(["generate", "--num-jobs", "3", "--out", "trace.swf"]) == 1
    assert "--force" in errors_of(capsys)
    (folder / "link").symlink_to("trace.swf")
    assert main(["generate", "--num-jobs", "3", "--out", "link", "--force"]) == 1
    assert "link exists" in errors_of(capsys)
    assert (folder / "trace.swf").read_bytes() == before
    assert main(["generate", "--num-jobs", "3", "--out", "trace.swf", "--force"]) == 0
    assert (folder / "trace.swf").read_bytes() != before


def test_repeats_need_an_unused_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.tex").write_text("mine", encoding="utf-8")
    assert launch([str(write_options(folder)), "-nr", "2", "-o", "mine"]) == 1
    assert "not empty" in errors_of(capsys)
    assert [path.name for path in (folder / "mine").iterdir()] == ["thesis.tex"]


def test_full_standard_output_is_one_error(folder: Path) -> None:
    script = "import sys; from hdeeprm.cli import main; sys.exit(main(['schema']))"
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-c", script], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "error: standard output: " in done.stderr and "Traceback" not in done.stderr
