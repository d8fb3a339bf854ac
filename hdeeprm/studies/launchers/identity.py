"""Who a worker is, so that another process can find out later whether it is still there.

    local:HOST:PID:START                 a process of the machine HOST
    slurm:JOB:HOST:PID:START             in a job script; JOB is the own number of a task of an array
    slurm:JOB.STEP.PROC:HOST:PID:START   one of the processes of an ``srun``
    ray:TASK:HOST:PID:START              started by a Ray task

START is when the process began, in clock ticks since the machine was switched on, so that a later process
with the same PID is not taken for the worker. What stands before HOST lets other machines ask SLURM or Ray.
"""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from typing import NamedTuple

RAY_TASK = "HDEEPRM_RAY_TASK"
"""Environment variable by which a Ray task tells its worker process which task it belongs to."""

_FIRST_SPECIAL_STEP = 0xFFFF_FFF0
"""SLURM numbers the steps that it makes by itself (job script, interactive shell) from here on."""

_PROCESS = r":(?P<host>[^:\s]+):(?P<pid>[0-9]+):(?P<start>[0-9]+)"
_PATTERNS = {
    "local": re.compile(rf"local(?P<task>){_PROCESS}"),
    "slurm": re.compile(rf"slurm:(?P<task>[0-9]+(?:\.[0-9]+\.[0-9]+)?){_PROCESS}"),
    "ray": re.compile(rf"ray:(?P<task>\w+){_PROCESS}"),
}


class Identity(NamedTuple):
    """The parts of a worker's identity."""

    kind: str  # local, slurm or ray
    task: str  # "" for local, else JOB, JOB.STEP.PROC or TASK
    host: str
    pid: int
    start: int  # clock ticks

    def __str__(self) -> str:
        """As it stands in the journal.

        >>> str(Identity("slurm", "17.0.3", "n1", 400, 88))
        'slurm:17.0.3:n1:400:88'
        """
        return ":".join(str(part) for part in self if part != "")


def worker_id() -> str:
    """Identity of this process."""
    kind, task = _place()
    return str(Identity(kind, task, _host(), os.getpid(), _start_time(os.getpid()) or 0))


def local_id(pid: int) -> str:
    """Identity that a process of this machine has as a local worker."""
    return str(Identity("local", "", _host(), pid, _start_time(pid) or 0))


def parse_identity(worker: str) -> Identity | None:
    """The parts of an identity, or None where the text is none.

    >>> parse_identity("local:n1:400:88")
    Identity(kind='local', task='', host='n1', pid=400, start=88)
    """
    for kind, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(worker):
            return Identity(kind, found["task"], found["host"], int(found["pid"]), int(found["start"]))
    return None


def is_process_alive(worker: str) -> bool | None:
    """Whether the process that a worker is still runs, whatever started it.

    Returns:
        None where this machine cannot know: the worker is on another one, or the text is no identity.
    """
    identity = parse_identity(worker)
    if identity is None or identity.host != _host():
        return None
    return _start_time(identity.pid) == identity.start


def find_launcher() -> str:
    """Launcher for who names none: "slurm" inside an allocation, else "local".

    A process of an ``srun`` is given a share of an allocation, not all of it, hence "local" there.
    """
    if "SLURM_JOB_ID" not in os.environ:
        return "local"
    return "slurm" if _step() is None else "local"


def _place() -> tuple[str, str]:
    """Kind and task of this process, the innermost first."""
    if task := os.environ.get(RAY_TASK):
        return "ray", task
    if job := os.environ.get("SLURM_JOB_ID"):
        step = _step()
        return "slurm", job if step is None else f"{job}.{step}.{os.environ.get('SLURM_PROCID', '0')}"
    return "local", ""


def _step() -> int | None:
    """Number of the ``srun`` that this process belongs to; None outside of any."""
    step = int(os.environ.get("SLURM_STEP_ID", _FIRST_SPECIAL_STEP))
    return step if step < _FIRST_SPECIAL_STEP else None


def _host() -> str:
    return socket.gethostname()


def _start_time(pid: int) -> int | None:
    """When a process began, in clock ticks since the machine was switched on; None where it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = text.rpartition(")")[2].split()  # the name before it may hold anything; see proc(5)
    return None if state in "ZX" else int(fields[18])
