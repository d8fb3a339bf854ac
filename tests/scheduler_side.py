"""The scheduler's side of the protocol: who listens over real ZeroMQ, and what replies are made of."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import zmq

from hdeeprm import cli
from hdeeprm.dropin.simulation import BatsimOptions, Simulation

Message = dict[str, Any]
Answer = Callable[[bytes], "bytes | list[bytes] | None"]
Decide = Callable[[Message], Iterable[tuple[str, Message]]]

POLL_MILLISECONDS = 50


def reply(now: float, *events: tuple[str, Message]) -> bytes:
    """A reply whose events, of (type, data), all happen at its time in s."""
    rows = [{"timestamp": now, "type": kind, "data": data} for kind, data in events]
    return json.dumps({"now": now, "events": rows}).encode()


def execute(job: str, machines: str, **more: Any) -> tuple[str, Message]:
    """Start a job."""
    return "EXECUTE_JOB", {"job_id": job, "alloc": machines, **more}


def set_pstate(machines: str, pstate: int) -> tuple[str, Message]:
    """Put machines into a P-state."""
    return "SET_RESOURCE_STATE", {"resources": machines, "state": str(pstate)}


def told(message: Message, kind: str) -> list[Message]:
    """Data of the events of a type."""
    return [event["data"] for event in message["events"] if event["type"] == kind]


class Scheduler:
    """Listens in a thread of its own, and answers every message.

    Args:
        answer: The reply to a message, in parts where it is a list; None to go away instead.
        endpoint: Where it listens; a free port unless given.
    """

    def __init__(self, answer: Answer, endpoint: str = "tcp://127.0.0.1:*") -> None:
        self.messages: list[bytes] = []
        self.error: BaseException | None = None
        self._answer = answer
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.REP)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(endpoint)
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Scheduler:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._context.term()
        if self.error is not None and error is None:
            raise self.error

    def _serve(self) -> None:
        try:
            while not self._stop.is_set():
                if not self._socket.poll(POLL_MILLISECONDS):
                    continue
                self.messages.append(self._socket.recv())
                data = self._answer(self.messages[-1])
                if data is None:
                    return
                self._socket.send_multipart(data if isinstance(data, list) else [data])
        except BaseException as error:
            self.error = error
        finally:
            self._socket.close()


def decider(decide: Decide) -> Answer:
    """Answer messages by what a function decides, at their time."""

    def answer(data: bytes) -> bytes:
        message = json.loads(data)
        return reply(message["now"], *decide(message))

    return answer


def run_dropin(answer: Answer, *arguments: str | Path) -> tuple[int, list[bytes]]:
    """Run ``hdeeprm-batsim`` in this process beside a scheduler; its exit status and what it said."""
    with Scheduler(answer) as scheduler:
        status = cli.batsim([*map(str, arguments), "-q", "-s", scheduler.endpoint])
    return status, scheduler.messages


def converse(options: BatsimOptions, decide: Decide) -> tuple[list[Message], Simulation]:
    """All messages of a simulation, without a socket between."""
    simulation = Simulation(options)
    answer, text = decider(decide), simulation.begin()
    messages: list[Message] = []
    next_text: str | None = text
    while next_text is not None:
        messages.append(json.loads(next_text))
        next_text = simulation.reply(answer(next_text.encode()) or b"")
    return messages, simulation


def free_endpoint() -> str:
    """An endpoint at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"tcp://127.0.0.1:{server.getsockname()[1]}"


# Files ---------------------------------------------------------------------------------------------------


def platform_file(folder: Path, hosts: Sequence[tuple[str, str]], bandwidth: str = "") -> Path:
    """A SimGrid platform of hosts by (speeds, watts of each P-state).

    Args:
        folder: Where it is written.
        hosts: Of each host what its attributes say, such as ("10f, 5f", "5:20:20, 5:5:5").
        bandwidth: Of the link of each host and of the master, where they are linked.
    """
    lines = ['<zone id="all" routing="Full">', '<host id="master_host" speed="1Gf"/>']
    names = [f"host_{number:04}" for number in range(len(hosts))]
    for name, (speeds, watts) in zip(names, hosts, strict=True):
        prop = f'<prop id="wattage_per_state" value="{watts}"/>'
        lines.append(f'<host id="{name}" speed="{speeds}">{prop}</host>')
    if bandwidth:
        ends = [*names, "master_host"]
        lines += [f'<link id="link_{name}" bandwidth="{bandwidth}" latency="0us"/>' for name in ends]
        for place, source in enumerate(ends):
            for target in ends[place + 1 :]:
                hops = f'<link_ctn id="link_{source}"/><link_ctn id="link_{target}"/>'
                lines.append(f'<route src="{source}" dst="{target}">{hops}</route>')
    head = '<?xml version="1.0"?>\n<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">\n'
    path = folder / "platform.xml"
    path.write_text("\n".join([f'{head}<platform version="4.1">', *lines, "</zone>", "</platform>"]))
    return path


def workload_file(
    folder: Path, jobs: Sequence[Message], profiles: Message, name: str = "workload.json"
) -> Path:
    """A workload; jobs that do not say it are submitted at 0 and ask for one machine."""
    rows = [{"id": str(place), "subtime": 0, "res": 1} | job for place, job in enumerate(jobs)]
    path = folder / name
    path.write_text(json.dumps({"nb_res": 1, "jobs": rows, "profiles": profiles}))
    return path
