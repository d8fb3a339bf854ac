"""The real Batsim as a peer, through the real PyBatsim, over real ZeroMQ."""

import json
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waiting import PATIENCE

pytest.importorskip("batsim", reason="PyBatsim is not installed")
pytest.importorskip("lxml", reason="lxml is not installed")

from batsim_commands import PEERS, THREE_JOBS, jobs, recorded_batsim, run_in_turn, toy_batsim
from golden import GOLDEN, GoldenRun, read_text
from hdeeprm.platforms import load_platform
from hdeeprm.simulator import EmbeddedSimulator
from hdeeprm.simulator.batsim.dialogue import core_set
from hdeeprm.simulator.batsim.peer import EpisodeJobs, News, Orders
from hdeeprm.simulator.batsim.pybatsim_peer import PyBatsimPeer
from hdeeprm.simulator.batsim.workload_writing import job_ids, workload_json
from hdeeprm.simulator.told import ToldSimulator
from hdeeprm.workloads import load_workload

LEARNING = load_platform("learning")
SCHEDULER_FILE = Path(__file__).parents[1] / "hdeeprm" / "pybatsim_scheduler.py"
FIRST_HIGH_GFLOPS = (1, 1)
SIMULATED = (
    "learning60_first-high_gflops",
    "learning60_low_mem_bw-high_mem_bw",
    "learning60_smallest-low_power",
    "das2_hpc2n_1000_shortest-high_gflops",
)


def write_workload(path: Path, num_jobs: int = 30, first: float = 0.0) -> Path:
    """Jobs of whole seconds that leave memory and bandwidth alone."""
    rng = np.random.default_rng(7)
    rows = [
        {
            "id": f"{job:02}",
            "subtime": first + 3 * (job // 2),
            "res": int(rng.integers(1, 5)),
            "profile": f"p{job}",
        }
        for job in range(num_jobs)
    ]
    profiles = {
        f"p{job}": {
            "type": "parallel_homogeneous",
            "cpu": int(rng.integers(1, 9)) * 8_800_000_000,
            "com": 0,
            "req_time": 20,
            "mem": 1,
            "mem_bw": 0,
        }
        for job in range(num_jobs)
    }
    path.write_text(json.dumps({"nb_res": 4, "jobs": rows, "profiles": profiles}))
    return path


def decide(simulator: EmbeddedSimulator) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of each job under one pair."""
    simulator.reset()
    while not simulator.over:
        simulator.run(FIRST_HIGH_GFLOPS, 10)
    records = simulator.job_records()
    return records["start_time"], records["end_time"]


class TestExchanges:
    def test_what_is_told(self, tmp_path):
        peer = PyBatsimPeer(LEARNING, command=toy_batsim(tmp_path))
        peer.begin(THREE_JOBS)
        told = [news for news in run_in_turn(peer, 3) if news.submitted or news.completed or news.over]
        assert told == [
            News(0.0, submitted=[0]),
            News(1.0, submitted=[1, 2], completed=[(0, True)]),
            News(3.0, completed=[(1, True)]),
            News(5.0, completed=[(2, True)]),
            News(5.0, over=True),
        ]
        results = peer.results()
        assert results.start_time.tolist() == [0.0, 1.0, 3.0]
        assert results.finish_time.tolist() == [1.0, 3.0, 5.0]
        assert results.energy_joules.tolist() == [12.5, 12.5, 12.5]
        assert results.consumed_joules == 1234.5

    def test_a_rejected_job_and_one_out_of_walltime(self, tmp_path):
        peer = PyBatsimPeer(LEARNING, command=toy_batsim(tmp_path))
        walltime = np.array([np.inf, 0.5])
        peer.begin(EpisodeJobs(np.zeros(2), np.array([9, 1]), np.array([1e9, 4e9]), walltime))
        assert peer.exchange(Orders()).submitted == [0, 1]
        news = peer.exchange(Orders(rejections=[0], starts=[(1, np.array([0]))]))
        assert (news.now, news.completed) == (0.5, [(1, False)])
        assert peer.exchange(Orders()).over
        assert np.isnan([peer.results().start_time[0], peer.results().energy_joules[0]]).all()
        assert peer.results().finish_time[1] == 0.5

    def test_several_at_a_time(self, tmp_path):
        peers = [PyBatsimPeer(LEARNING, command=toy_batsim(tmp_path)) for _ in range(3)]
        for peer in peers:
            peer.begin(THREE_JOBS)
        told = [[peer.exchange(Orders()) for peer in peers]]
        assert told == [[News(0.0, submitted=[0])] * 3]
        orders = [Orders(starts=[(0, np.array([core]))]) for core in (0, 1, 3)]
        told = [peer.exchange(order) for peer, order in zip(peers, orders, strict=True)]
        assert [(news.now, news.completed) for news in told] == [
            (1.0, []),
            (1.0, []),
            (1.0, [(0, True)]),
        ]  # the fastest core alone is done
        for peer in peers:
            peer.close()

    def test_pybatsim_leaves_the_interpreter_as_it_was(self, tmp_path, caplog, capfd):
        limit = sys.getrecursionlimit()
        peer = PyBatsimPeer(LEARNING, command=toy_batsim(tmp_path))
        with caplog.at_level("DEBUG"):
            peer.begin(THREE_JOBS)
            run_in_turn(peer, 3)
        assert sys.getrecursionlimit() == limit
        assert {record.getMessage() for record in caplog.records if record.levelname != "DEBUG"} == set()
        assert "JOB_SUBMITTED" not in caplog.text
        assert capfd.readouterr() == ("", "")


class TestLayerOverIt:
    def test_the_schedule_is_the_embedded_one(self, tmp_path):
        workload = load_workload(write_workload(tmp_path / "workload.json"))
        peer = PyBatsimPeer(LEARNING, command=toy_batsim(tmp_path))
        told = decide(ToldSimulator(peer, LEARNING, workload))
        np.testing.assert_allclose(told, decide(EmbeddedSimulator(LEARNING, workload)), atol=1e-6)

    @pytest.mark.skipif(not GOLDEN.is_dir(), reason="no recorded runs here")
    @pytest.mark.parametrize("name", SIMULATED)
    def test_recorded_conversations(self, tmp_path, name):
        """Given what the real Batsim said, every reply is the recorded one, byte for byte in its content."""
        run = GoldenRun(name)
        peer = PyBatsimPeer(run.platform, command=recorded_batsim(tmp_path, run.folder))
        simulator = ToldSimulator(peer, run.platform, run.workload)
        simulator.reset()
        while not simulator.over:
            simulator.run(run.pair, 1000)
        width = len(job_ids(run.workload.num_jobs)[0])
        lines = read_text(run.folder / "messages.jsonl.gz").splitlines()
        recorded = [
            json.loads(re.sub(r'"w0!(\d+)"', lambda m: f'"w0!{m[1].zfill(width)}"', line[1:]))
            for line in lines
            if line[0] == ">"
        ]
        replies = [json.loads(line) for line in (tmp_path / "replies.jsonl").read_text().splitlines()]
        assert len(replies) == len(recorded) + (len(replies) - len(recorded) == 1)
        assert replies[: len(recorded)] == recorded
        records = simulator.job_records()
        assert records["start_time"].tolist() == [outcome.start for outcome in run.outcomes]
        assert records["end_time"].tolist() == [outcome.finish for outcome in run.outcomes]


class TestWorkloadFile:
    def test_content(self):
        episode = jobs((0, 2, 4e9), (1.5, 1, 0.1))
        episode.walltime[1] = 7.25
        assert json.loads(workload_json(episode, 4)) == {
            "nb_res": 4,
            "jobs": [
                {"id": "0", "subtime": 0, "res": 2, "profile": "0"},
                {"id": "1", "subtime": 1.5, "res": 1, "profile": "1", "walltime": 7.25},
            ],
            "profiles": {
                "0": {"type": "parallel_homogeneous", "cpu": 4000000000, "com": 0},
                "1": {"type": "parallel_homogeneous", "cpu": 0.1, "com": 0},
            },
        }

    @given(st.integers(1, 2000))
    def test_ids_are_ordered_as_text(self, num_jobs):
        ids = job_ids(num_jobs)
        assert list(ids) == sorted(ids)
        assert [int(job_id) for job_id in ids] == list(range(num_jobs))

    @given(st.lists(st.floats(0, 1e30), min_size=1, max_size=5))
    def test_no_digit_is_lost(self, numbers):
        episode = jobs(*((number, 1, number) for number in numbers))
        content = json.loads(workload_json(episode, 4))
        assert [float(job["subtime"]) for job in content["jobs"]] == numbers
        assert [float(profile["cpu"]) for profile in content["profiles"].values()] == numbers


class TestCoreSet:
    @given(st.sets(st.integers(0, 300), min_size=1))
    def test_holds_the_cores(self, cores):
        assert list(core_set(np.array(sorted(cores)))) == sorted(cores)

    def test_is_written_as_intervals(self):
        assert str(core_set(np.array([0, 1, 2, 3, 7, 9, 10]))) == "0-3 7 9-10"


def free_endpoint() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"tcp://127.0.0.1:{server.getsockname()[1]}"


class TestPyBatsimsOwnWay:
    """``pybatsim FILE -O options.json`` beside a Batsim, both started by hand."""

    def start(self, folder: Path, file: Path, options: dict, *flags: str, workload: Path | None = None):
        """Exit status and output of PyBatsim, and the exit status of the Batsim; None where it waits on."""
        from hdeeprm.simulator.batsim.simgrid.writing import platform_xml

        endpoint = free_endpoint()
        (folder / "platform.xml").write_bytes(platform_xml(LEARNING, "3.29"))
        (folder / "options.json").write_text(json.dumps(options))
        files = ["-p", folder / "platform.xml", "-w", workload or folder / "workload.json"]
        batsim = subprocess.Popen(
            [sys.executable, PEERS / "toy_batsim.py", "serve", *files, "-s", endpoint, "-e", folder / "out"]
        )
        pybatsim = Path(sysconfig.get_path("scripts")) / "pybatsim"
        try:
            done = subprocess.run(
                [pybatsim, file, "-O", folder / "options.json", "-s", endpoint, *flags],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            status = batsim.wait(PATIENCE) if done.returncode == 0 else batsim.poll()
        finally:
            batsim.kill()
            batsim.wait()
        return done.returncode, done.stdout, done.stderr, status

    @pytest.mark.parametrize("flags", [(), ("--protect",)])
    def test_the_layer_decides_inside_pybatsims_loop(self, tmp_path, flags):
        path = write_workload(tmp_path / "workload.json")
        file = PEERS / "attached_scheduler.py"
        status, output, errors, ended = self.start(tmp_path, file, {"workload": str(path)}, *flags)
        assert (status, ended) == (0, 0), errors
        told = json.loads(re.search(r"TIMES (.*)", output)[1])
        np.testing.assert_allclose(told, decide(EmbeddedSimulator(LEARNING, load_workload(path))), atol=1e-6)
        assert "success 30 , complete: 30" in output  # PyBatsim's own account

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (lambda content: content["jobs"].pop(), "Batsim has submitted its last job, but 1 of the 30"),
            (lambda content: content["jobs"][3].update(res=9), "job w0!03: res is 9 in Batsim's workload"),
            (lambda content: content["jobs"][0].update(id="x"), "Batsim tells of job 'w0!x'"),
            (lambda content: content["profiles"]["p0"].update(cpu=1), "job w0!00: cpu is 1 in Batsim's"),
            (
                lambda content: content["profiles"]["p0"].update(mem=77),
                "job w0!00: mem is 77 in Batsim's",
            ),
            (lambda content: content["profiles"]["p0"].update(req_time=77), "job w0!00: req_time is 77 in"),
        ],
    )
    def test_another_workload_than_that_of_the_options(self, tmp_path, change, told):
        path = write_workload(tmp_path / "workload.json")
        content = json.loads(path.read_text())
        change(content)
        other = tmp_path / "other.json"
        other.write_text(json.dumps(content))
        file = PEERS / "attached_scheduler.py"
        status, _, errors, _ = self.start(tmp_path, file, {"workload": str(path)}, workload=other)
        assert status == 1
        assert f"BatsimError: {told}" in errors

    def test_the_experiment_of_the_options(self, tmp_path):
        write_workload(tmp_path / "workload.json")
        status, output, errors, ended = self.start(tmp_path, SCHEDULER_FILE, OPTIONS)
        assert (status, ended) == (0, 0), errors
        directory = tmp_path / re.search(r"Results: (.*)", output)[1]
        rows = (directory / "out_jobs.csv").read_text().splitlines()
        assert len(rows) == 31 and json.loads((directory / "run.json").read_text())["status"] == "complete"

    def test_wrong_options_are_told_without_a_traceback(self, tmp_path):
        write_workload(tmp_path / "workload.json")
        status, _, errors, _ = self.start(tmp_path, SCHEDULER_FILE, OPTIONS | {"sed": 1})
        assert status == 2
        assert errors.startswith("error: ") and "sed" in errors and "Traceback" not in errors


OPTIONS = {
    "seed": 1,
    "platform_file_path": "learning.json",
    "workload_file_path": "workload.json",
    "env": {"objective": "avg_job_slowdown", "actions": {"selection": [{"first": ["high_gflops"]}]}},
    "agent": {"type": "CLASSIC"},
}


class TestWithoutPyBatsim:
    @pytest.mark.parametrize("missing", ["batsim", "zmq", "procset", "lxml"])
    def test_the_error_names_the_cure(self, missing):
        program = (
            f"import sys; sys.modules[{missing!r}] = None\n"
            "from hdeeprm.errors import DependencyNotInstalled\n"
            "from hdeeprm.platforms import load_platform\n"
            "try:\n"
            "    from hdeeprm.simulator.batsim.pybatsim_peer import PyBatsimPeer\n"
            "    PyBatsimPeer(load_platform('learning'), command=sys.executable)\n"
            "except DependencyNotInstalled as error: print(error)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert 'pip install "hdeeprm[batsim]"' in done.stdout

    def test_the_package_does_not_load_it(self):
        program = (
            "import sys, hdeeprm, hdeeprm.simulator, hdeeprm.experiment\n"
            "print([name for name in ('batsim', 'zmq', 'procset', 'lxml') if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout == "[]\n"


@pytest.fixture(params=["batsim", "hdeeprm-batsim"])
def installed(request) -> str:
    """A whole Batsim: the real one, and the one of this package."""
    path = shutil.which(request.param) or shutil.which(request.param, path=sysconfig.get_path("scripts"))
    if path is None:
        pytest.skip(f"{request.param} is not on PATH")
    return path


class TestInstalledBatsim:
    def test_three_jobs(self, installed):
        peer = PyBatsimPeer(LEARNING, command=installed)
        peer.begin(THREE_JOBS)
        run_in_turn(peer, 3)
        results = peer.results()
        assert results.start_time.tolist() == [0.0, 1.0, 3.0]
        assert results.finish_time.tolist() == [1.0, 3.0, 5.0]
        assert (results.energy_joules > 0).all()

    @pytest.mark.skipif(not GOLDEN.is_dir(), reason="no recorded runs here")
    @pytest.mark.parametrize("name", SIMULATED)
    def test_recorded_runs_come_out_again(self, installed, name):
        run = GoldenRun(name)
        simulator = ToldSimulator(PyBatsimPeer(run.platform, command=installed), run.platform, run.workload)
        simulator.reset()
        while not simulator.over:
            simulator.run(run.pair, 1000)
        records = simulator.job_records()
        assert records["start_time"].tolist() == [outcome.start for outcome in run.outcomes]
        assert records["end_time"].tolist() == [outcome.finish for outcome in run.outcomes]
