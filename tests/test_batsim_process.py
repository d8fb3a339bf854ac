"""A Batsim that is missing, wrong, dying, silent or confused: a helpful error, and nothing left behind."""

import gc
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from waiting import PATIENCE, wait_until

pytest.importorskip("batsim", reason="PyBatsim is not installed")
pytest.importorskip("lxml", reason="lxml is not installed")

from batsim_commands import THREE_JOBS, command, run_in_turn, toy_batsim
from hdeeprm.errors import BatsimError
from hdeeprm.platforms import load_platform
from hdeeprm.simulator.batsim import process
from hdeeprm.simulator.batsim.dialogue import Simulation
from hdeeprm.simulator.batsim.peer import Orders
from hdeeprm.simulator.batsim.pybatsim_peer import PyBatsimPeer

LEARNING = load_platform("learning")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where temporary directories are made; each test has to leave it empty."""
    path = tmp_path / "temporary"
    path.mkdir()
    monkeypatch.setenv("TMPDIR", str(path))
    monkeypatch.setattr("tempfile.tempdir", str(path))
    yield path
    assert_nothing_left(path)


def processes_about(text: Path) -> list[str]:
    """Command lines of the processes that name a path."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        found += [line] if str(text) in line else []
    return found


def assert_nothing_left(folder: Path) -> None:
    wait_until(lambda: not processes_about(folder) and not list(folder.iterdir()))


def refusal(path: str, **settings) -> str:
    """The message by which a whole run fails."""
    with pytest.raises(BatsimError) as caught:
        peer = PyBatsimPeer(LEARNING, command=path, **settings)
        peer.begin(THREE_JOBS)
        run_in_turn(peer, 3)
    return str(caught.value)


class TestFinding:
    def test_a_missing_command_is_named_with_its_cure(self):
        message = refusal("batsimm")
        assert message.startswith("'batsimm' was not found on PATH; install Batsim 3 or 4")
        assert "simulator.batsim_command" in message and "hdeeprm-batsim" in message

    def test_a_file_that_is_not_executable(self, tmp_path):
        path = tmp_path / "batsim"
        path.write_text("#!/bin/sh\n")
        assert f"{path}: is not executable; make it so (chmod +x)" in refusal(str(path))

    def test_a_file_that_is_no_program(self, tmp_path):
        path = tmp_path / "batsim"
        path.write_bytes(b"\x7fELF no program")
        path.chmod(0o755)
        assert f"{path} cannot be run" in refusal(str(path))

    def test_a_command_is_found_on_the_path(self, tmp_path, monkeypatch):
        toy_batsim(tmp_path)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        assert process.find_batsim("batsim") == str(tmp_path / "batsim")

    @pytest.mark.parametrize("version", ["v4.1.0", "4.2.1", "3.1.0", "hdeeprm 0.9.0"])
    def test_versions_that_speak_the_protocol(self, tmp_path, version):
        path = toy_batsim(tmp_path, f"version:{version}")
        assert process.find_batsim(path) == path

    @pytest.mark.parametrize("version", ["5.0.0-rc1", "v5.1.0", "2.0.0", "14.0.0"])
    def test_versions_that_speak_another(self, tmp_path, version):
        message = refusal(toy_batsim(tmp_path, f"version:{version}"))
        assert "speaks another protocol than PyBatsim 3" in message
        assert version.removeprefix("v").rpartition(".")[0] in message

    def test_a_program_that_is_no_batsim(self, tmp_path):
        assert "answers 'hello', no version of Batsim" in refusal(toy_batsim(tmp_path, "version:hello"))

    def test_another_program_with_a_version_of_its_own(self):
        assert "no version of Batsim" in refusal("sleep")

    @pytest.mark.parametrize("then", ["exec yes 4.1.0", "sleep 60 & exit 0"])
    def test_the_version_is_enough(self, tmp_path, then):
        """It is not waited for more, nor for what holds the other end of the pipe."""
        before = time.monotonic()
        path = command(tmp_path, f"echo 4.1.0; {then};")
        assert process.find_batsim(path) == path
        assert time.monotonic() - before < process.VERSION_SECONDS / 2

    def test_a_program_that_tells_no_version(self, tmp_path, monkeypatch):
        monkeypatch.setattr(process, "VERSION_SECONDS", 0.3)
        assert "--version gave no answer within 0.3 s" in refusal(command(tmp_path, "sleep 5;"))

    def test_the_version_is_asked_once(self, tmp_path):
        path = command(tmp_path, f"echo asked >> {tmp_path / 'asked'}; echo v4.1.0;")
        for _ in range(3):
            process.find_batsim(path)
        assert (tmp_path / "asked").read_text() == "asked\n"


class TestFailing:
    @pytest.mark.parametrize(
        ("mode", "place"),
        [("die:0", "before the simulation began"), ("die:1", "at 0 s"), ("die:4", "at 1 s")],
    )
    def test_one_that_dies(self, tmp_path, mode, place):
        message = refusal(toy_batsim(tmp_path, mode))
        assert f"Batsim ended with exit status 3 {place}; see what it says" in message
        assert message.endswith("Its last lines:\n  first line\n  last words of the toy")
        assert f"It was run as: {tmp_path / 'batsim'} -p " in message

    def test_its_last_words_do_nothing_to_the_terminal(self, tmp_path):
        path = command(
            tmp_path,
            'if [ "$1" = --version ]; then echo v4.1.0; exit; fi; printf "\\033[2Jgone\\n"; exit;',
        )
        assert refusal(path).endswith("\n  \\x1b[2Jgone")

    def test_one_that_is_killed(self, tmp_path):
        assert "Batsim was ended by SIGKILL at 0 s" in refusal(toy_batsim(tmp_path, "kill:2"))

    def test_one_that_exits_at_once(self, tmp_path):
        path = command(tmp_path, 'if [ "$1" = --version ]; then echo v4.1.0; exit; fi; exit 0;')
        message = refusal(path)
        assert "Batsim ended with exit status 0 before the simulation began" in message
        assert message.endswith("It printed nothing.")

    @pytest.mark.parametrize("mode", ["hang:0", "hang:3"])
    def test_one_that_hangs(self, tmp_path, mode):
        started = time.monotonic()
        message = refusal(toy_batsim(tmp_path, mode), timeout=0.8)
        assert "Batsim was silent for 0.8 s" in message and "raise simulator.timeout" in message
        assert "last words of the toy" in message
        assert time.monotonic() - started < 60

    @pytest.mark.parametrize(
        ("mode", "told"),
        [
            ("garbage", "JSONDecodeError"),
            ("binary", "UnicodeDecodeError"),
            ("no_object", "[1, 2]"),
            ("no_time", "now is 'soon', not a time"),
            ("unknown_event", "Unknown event type BREW"),
            ("unknown_job", "w0!nobody"),
        ],
    )
    def test_one_that_talks_nonsense(self, tmp_path, mode, told):
        message = refusal(toy_batsim(tmp_path, f"{mode}:2"))
        assert "Batsim's message is not understood" in message and told in message

    def test_machines_in_another_order(self, tmp_path):
        message = refusal(toy_batsim(tmp_path, "reversed"))
        assert "number 0 is called 'cor_3' there and 'cor_0' here" in message

    def test_too_few_machines(self, tmp_path):
        assert "Batsim has 3 machines, the platform 4 cores" in refusal(toy_batsim(tmp_path, "fewer"))

    def test_a_bad_end(self, tmp_path):
        message = refusal(toy_batsim(tmp_path, "failing"))
        assert "ended with exit status 4 after the simulation; its results are not used" in message

    @pytest.mark.parametrize(
        ("mode", "told"),
        [
            ("no_files", "No such file"),
            ("half_files", "says nothing of job '0'"),
            ("other_files", "job 'x' is none of the jobs"),
        ],
    )
    def test_results_that_are_not_whole(self, tmp_path, mode, told):
        path = toy_batsim(tmp_path, mode)
        assert told in refusal(path)
        peer = PyBatsimPeer(LEARNING, command=path)
        with pytest.raises(BatsimError, match="no results before a simulation is over"):
            peer.results()

    def test_a_port_that_is_taken(self, tmp_path, monkeypatch):
        with socket.create_server(("127.0.0.1", 0)) as other:
            endpoint = f"tcp://127.0.0.1:{other.getsockname()[1]}"
            monkeypatch.setattr(Simulation, "ENDPOINT", endpoint)
            assert f"{endpoint}: no port can be had" in refusal(toy_batsim(tmp_path))


class TestLeavingNothing:
    def begun(self, path: str) -> PyBatsimPeer:
        peer = PyBatsimPeer(LEARNING, command=path)
        peer.begin(THREE_JOBS)
        assert peer.exchange(Orders()).submitted == [0]
        return peer

    def test_closing_in_mid_run(self, tmp_path, folder):
        peer = self.begun(toy_batsim(tmp_path))
        assert len(list(folder.iterdir())) == 1 and processes_about(folder)
        peer.close()
        peer.close()
        assert_nothing_left(folder)
        with pytest.raises(BatsimError, match="no simulation is under way"):
            peer.exchange(Orders())

    def test_forgetting_in_mid_run(self, tmp_path, folder):
        self.begun(toy_batsim(tmp_path))
        gc.collect()
        assert_nothing_left(folder)

    def test_beginning_anew_in_mid_run(self, tmp_path, folder):
        peer = self.begun(toy_batsim(tmp_path))
        peer.begin(THREE_JOBS)
        assert len(list(folder.iterdir())) == 1
        run_in_turn(peer, 3)
        assert peer.results().finish_time.tolist() == [1.0, 3.0, 5.0]

    def test_what_batsim_has_started_itself_ends_too(self, tmp_path, folder):
        toy = f"{sys.executable} {Path(__file__).parent / 'peers' / 'toy_batsim.py'} serve"
        self.begun(
            command(tmp_path, f'sh -c "sleep 60; : {folder}" > {os.devnull} 2>&1 & exec {toy}')
        ).close()
        assert_nothing_left(folder)

    @pytest.mark.parametrize(
        ("end", "status"), [("", 0), (signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGKILL, -9)]
    )
    def test_however_this_process_ends(self, tmp_path, folder, end, status):
        """Falling off its end, by Ctrl-C, terminated, killed."""
        program = CHILD.format(path=toy_batsim(tmp_path, "hang:3" if end else "serve"))
        child = subprocess.Popen(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
        )
        with child:
            assert child.stdout.readline() == "begun\n"
            if end:
                time.sleep(0.3)  # it waits for the Batsim by now
                assert processes_about(folder)
                child.send_signal(end)
            _, errors = child.communicate(timeout=PATIENCE)
        assert child.returncode == status
        assert ("KeyboardInterrupt" in errors) == (end == signal.SIGINT)
        assert_nothing_left(folder)


CHILD = """
from batsim_commands import THREE_JOBS
from hdeeprm.platforms import load_platform
from hdeeprm.simulator.batsim.peer import Orders
from hdeeprm.simulator.batsim.pybatsim_peer import PyBatsimPeer
import sys
peer = PyBatsimPeer(load_platform("learning"), command="{path}")
peer.begin(THREE_JOBS)
peer.exchange(Orders())
print("begun", flush=True)
try:
    while "hang" in open("{path}").read():
        peer.exchange(Orders())
except KeyboardInterrupt:
    print("KeyboardInterrupt", file=sys.stderr)
    sys.exit(130)
"""
