"""A real SLURM of two nodes on this machine, for as long as the tests that need it run.

It needs Debian's packages slurmctld, slurmd and slurm-client, and to be root; neither systemd nor munge.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from waiting import PATIENCE, wait_until

NODES = ("n0", "n1")
CPUS_PER_NODE = 2

_CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser=root
AuthType=auth/none
CredType=cred/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
MinJobAge=3600
KillWait=5
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE
"""
_NODE = "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus}\n"


def require_slurm() -> None:
    """Skip where SLURM cannot be started; in continuous integration that is a failure."""
    lacking = [name for name in ("slurmctld", "slurmd", "sbatch", "srun", "squeue") if not shutil.which(name)]
    reason = f"SLURM is not installed: {', '.join(lacking)} not found" if lacking else ""
    if not reason and os.geteuid() != 0:
        reason = "a SLURM of one's own needs root"
    if reason and "HDEEPRM_CI" in os.environ:
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)


def use_cluster(configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SLURM's commands mean this cluster, as if called outside of any allocation."""
    for name in [name for name in os.environ if name.startswith(("SLURM_", "SBATCH_", "SALLOC_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SLURM_CONF", str(configuration))


@contextmanager
def slurm_cluster(folder: Path) -> Iterator[Path]:
    """Start it, with its files in a folder, and end it.

    Yields:
        Its configuration file, for SLURM_CONF.
    """
    configuration = _write_configuration(folder)
    environment = {**os.environ, "SLURM_CONF": str(configuration)}
    with ExitStack() as ended:
        commands = [["slurmctld", "-D", "-i"], *(["slurmd", "-D", "-N", name] for name in NODES)]
        for command in commands:
            ended.enter_context(_process(command, folder, environment))
        _wait_for_nodes(environment, folder)
        yield configuration
        _end_jobs(environment)


def _write_configuration(folder: Path) -> Path:
    host = socket.gethostname().partition(".")[0]
    controller_port, *ports = _free_ports(1 + len(NODES))
    text = _CONFIGURATION.format(folder=folder, host=host, controller_port=controller_port)
    for name, port in zip(NODES, ports, strict=True):
        (folder / f"spool.{name}").mkdir()
        text += _NODE.format(name=name, host=host, port=port, cpus=CPUS_PER_NODE)
    (folder / "state").mkdir()
    path = folder / "slurm.conf"
    path.write_text(text)
    return path


def _free_ports(number: int) -> list[int]:
    with ExitStack() as closed:
        sockets = [closed.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def _process(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (
        (folder / f"{command[-1].strip('-')}.out").open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env=environment) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def _end_jobs(environment: dict[str, str]) -> None:
    """Cancel all that runs and wait for it, since a node that ends leaves its jobs running."""
    subprocess.run(["scancel", "--user=root"], env=environment, check=True)
    wait_until(lambda: not subprocess.check_output(["squeue", "--noheader"], env=environment))


def _wait_for_nodes(environment: dict[str, str], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    command = ["sinfo", "--noheader", "--states=idle", "--format=%D"]
    while time.monotonic() < deadline:
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if answer.stdout.strip() == str(len(NODES)):
            return
        time.sleep(0.1)
    logs = "\n".join(path.read_text()[-2000:] for path in folder.glob("*.out"))
    pytest.fail(f"SLURM did not start in {PATIENCE:g} s:\n{logs}")
