"""The launcher of Ray."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hdeeprm.studies.launchers.base import WorkerPlan
from hdeeprm.studies.launchers.identity import is_process_alive, parse_identity
from hdeeprm.studies.launchers.tails import tail

from .cluster import RayCluster, import_ray
from .process import WorkerProcess
from .table import checked


class RayLauncher:
    """Starts workers as tasks of a Ray cluster, which is this machine where no address is given."""

    name = "ray"

    def __init__(self, table: Mapping[str, Any], folder: Path) -> None:
        """Check the table; the cluster is not needed yet.

        Args:
            table: ``[ray]`` of the study file: the cluster's address, and num_cpus, num_gpus and memory
                (bytes) of each worker, and so of the run that it is busy with.
            folder: Of the study, where the output of the workers goes.

        Raises:
            StudyError: If the table has an unknown key or a wrong value.
            DependencyNotInstalled: If Ray is not installed.
        """
        address, self._needs = checked(table)
        self._folder = folder.resolve()
        self._cluster = RayCluster(address)
        self._ray = self._cluster.ray
        self._tasks: list[Any] = []

    def check(self) -> None:
        """Reach the cluster of an address; one of this machine is started once there is something to run.

        Raises:
            StudyError: If it cannot be reached.
        """
        if self._cluster.is_known:
            self._cluster.connect()

    def start(self, plan: WorkerPlan) -> None:
        """Hand one task for each worker to the cluster, which starts them as there is room.

        Raises:
            StudyError: If the cluster cannot be reached, or a local one can never give what a worker needs.
        """
        self._cluster.connect()
        self._cluster.check_room(self._needs)
        self._folder.mkdir(parents=True, exist_ok=True)
        run = self._ray.remote(_run_worker).options(max_retries=0, **self._needs)
        variables = {name: value for name, value in os.environ.items() if name.startswith("HDEEPRM_")}
        for _ in range(plan.num_workers):
            log = str(self._log(len(self._tasks)))
            self._tasks.append(run.remote(WorkerProcess(plan.command(), str(Path.cwd()), variables, log)))

    def num_alive(self) -> int:
        """Number of tasks that wait or run."""
        return len(self._unfinished())

    def is_alive(self, worker: str) -> bool | None:
        """By the process on this machine, else by asking the worker's machine if it is in the cluster."""
        alive = is_process_alive(worker)
        identity = parse_identity(worker)
        if alive is not None or identity is None or identity.kind != "ray" or not self._cluster.is_known:
            return alive
        self._cluster.connect()
        return self._cluster.is_alive(worker, identity.host)

    def stop(self) -> None:
        """Cancel all tasks; those that run send SIGTERM to their worker."""
        for task in self._unfinished():
            self._ray.cancel(task)

    def log_text(self) -> str:
        """What the workers printed last, and how tasks failed."""
        finished = set(self._tasks) - set(self._unfinished())
        failures = [self._failure(task) for task in self._tasks if task in finished]
        printed = tail(map(self._log, range(len(self._tasks))))
        return "\n".join((*printed, *filter(None, failures)))

    def _log(self, number: int) -> Path:
        return self._folder / f"ray-{os.getpid()}-{number}.log"

    def _unfinished(self) -> list[Any]:
        if not self._tasks or not self._ray.is_initialized():
            return []
        waiting: list[Any] = self._ray.wait(self._tasks, num_returns=len(self._tasks), timeout=0)[1]
        return waiting

    def _failure(self, task: Any) -> str:
        try:
            self._ray.get(task)
        except self._ray.exceptions.TaskCancelledError:
            return ""
        except self._ray.exceptions.RayError as error:
            return f"ray: {' '.join(str(error).split())}"
        return ""


def _run_worker(process: WorkerProcess) -> int:
    """What Ray runs on the machine that it chose."""
    return process.run(import_ray().get_runtime_context().get_task_id())
