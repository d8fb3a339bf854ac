"""The drop-in Batsim beside PyBatsim.

A workload of 2,000 jobs on the hosts of platform gaia, scheduled by PyBatsim's ``fillerSched`` in a process
of its own, over ZeroMQ; seconds on the clock from the first message to the last reply. *Floor*: a peer that
only sends the messages of that very conversation again: what is left is PyBatsim and the socket.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from hdeeprm.dropin.server import Connection
from hdeeprm.dropin.simulation import BatsimOptions, Simulation
from hdeeprm.platforms import load_platform
from hdeeprm.simulator.batsim.simgrid import platform_xml

from .generated import steady_workload
from .measuring import Row, Settings

NUM_JOBS = 2_000
SIZES = (1, 2, 4, 8, 16, 32, 64)
LOAD = 0.4
"""So low that every job starts at once: fillerSched takes waiting jobs in an order of its process."""
MOST_TIMES_THE_FLOOR = 1.5
CONNECT_TIMEOUT = 60.0


def measure(settings: Settings) -> Iterator[Row]:
    """Both in turn, so that a slow minute falls on both alike."""
    with tempfile.TemporaryDirectory() as folder:
        options = _write_inputs(Path(folder), settings.scaled(NUM_JOBS))
        recorded = _Recording(options)
        _talk(recorded)
        pairs = []
        for _ in range(settings.repetitions):
            floor = _talk(_Echo(recorded.messages, recorded.replies))
            pairs.append((_talk(_Recording(options)), floor))
    dropin, floor = (median(seconds) for seconds in zip(*pairs, strict=True))
    count = len(recorded.messages)
    yield Row(
        "drop-in / floor",
        median(ours / least for ours, least in pairs),
        "times",
        at_most=MOST_TIMES_THE_FLOOR,
        comparison=f"{dropin:.2f} s and {floor:.2f} s for {count:,} messages",
    )
    for name, value in (("drop-in", dropin), ("floor", floor)):
        yield Row(f"messages, {name}", count / value, "messages/s")


def _write_inputs(folder: Path, num_jobs: int) -> BatsimOptions:
    """Files of the platform, whose hosts compute at full speed from the start, and of the workload."""
    platform = load_platform("gaia")
    xml = platform_xml(platform, "3.29").replace(b'pstate="3"', b'pstate="0"')
    (folder / "platform.xml").write_bytes(xml)
    workload = steady_workload(num_jobs, platform.num_cores, LOAD, SIZES)
    speed = float(platform.reference_speed_flops)
    jobs = [
        {"id": job, "subtime": float(time), "res": int(cores), "profile": str(job)}
        for job, (time, cores) in enumerate(zip(workload.submit_time, workload.requested_cores, strict=True))
    ]
    profiles = {
        str(job): {"type": "parallel_homogeneous", "cpu": float(seconds) * speed, "com": 0}
        for job, seconds in enumerate(workload.run_time)
    }
    content = {"nb_res": platform.num_cores, "jobs": jobs, "profiles": profiles}
    (folder / "workload.json").write_text(json.dumps(content))
    return BatsimOptions(folder / "platform.xml", (folder / "workload.json",))


class _Recording:
    """The drop-in; keeps what was said."""

    def __init__(self, options: BatsimOptions) -> None:
        self._simulation = Simulation(options)
        self.messages = [self._simulation.begin()]
        self.replies: list[bytes] = []

    def reply(self, data: bytes) -> str | None:
        self.replies.append(data)
        message = self._simulation.reply(data)
        if message is not None:
            self.messages.append(message)
        return message

    def meanwhile(self) -> None:
        self._simulation.note()


class _Echo:
    """Sends recorded messages, whatever it is answered; the answers have to be as recorded."""

    def __init__(self, messages: Sequence[str], replies: Sequence[bytes]) -> None:
        self.messages = messages
        self._later, self._replies = iter(messages[1:]), iter(replies)

    def reply(self, data: bytes) -> str | None:
        if data != next(self._replies):
            raise RuntimeError("PyBatsim decides otherwise than before, so that nothing can be compared")
        return next(self._later, None)

    def meanwhile(self) -> None:
        pass


def _talk(peer: _Recording | _Echo) -> float:
    """Seconds of a conversation with PyBatsim."""
    with _pybatsim() as endpoint, Connection(endpoint, CONNECT_TIMEOUT) as connection:
        data = connection.exchange(
            peer.messages[0], peer.meanwhile
        )  # PyBatsim has begun once it has answered
        started = time.perf_counter()
        message = peer.reply(data)
        while message is not None:
            message = peer.reply(connection.exchange(message, peer.meanwhile))
        return time.perf_counter() - started


@contextlib.contextmanager
def _pybatsim() -> Iterator[str]:
    """PyBatsim in a process of its own, and its endpoint."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    program = str(Path(sysconfig.get_path("scripts"), "pybatsim"))
    command = [program, "fillerSched", "-s", endpoint, "-v", "error"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield endpoint
        process.wait(CONNECT_TIMEOUT)
    finally:
        process.kill()
        process.wait()
