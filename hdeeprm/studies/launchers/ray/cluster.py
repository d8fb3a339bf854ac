"""A Ray cluster: reaching or starting it, its room, and its machines."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from hdeeprm.errors import DependencyNotInstalled, StudyError
from hdeeprm.studies.launchers.identity import is_process_alive

from .table import RESOURCE_NAMES

_ANSWER = 30.0
"""Seconds that a machine of the cluster has to tell whether one of its processes still runs."""

_KNOCK = 5.0
"""Seconds that the machine of an address has to answer at all."""

_QUIET = {"log_to_driver": False, "configure_logging": False, "logging_level": "error"}
"""The output of workers goes to files, and the study says what there is to say."""


def import_ray() -> ModuleType:
    """The library.

    Raises:
        DependencyNotInstalled: If it is not there.
    """
    try:
        import ray
        import ray.util.scheduling_strategies
    except ImportError as error:
        raise DependencyNotInstalled(
            f"a study on Ray needs {error.name!r}; install it with: pip install 'hdeeprm[ray]'"
        ) from error
    return ray


def _knock(address: str | None) -> None:
    """Fail at once where nobody listens, which Ray takes minutes to find; Ray judges other addresses."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=_KNOCK).close()


class RayCluster:
    """The cluster of an address, or one on this machine.

    A process has one connection: what it has started or reached before is used again.
    """

    def __init__(self, address: str | None) -> None:
        """Look for the library, not yet for the cluster."""
        self.ray = import_ray()
        self._address = address

    @property
    def is_known(self) -> bool:
        """Whether there is a cluster already, so that none would have to be started."""
        return self._address is not None or self.ray.is_initialized()

    def connect(self) -> None:
        """Reach the cluster, or start it.

        Raises:
            StudyError: With Ray's own words.
        """
        if self.ray.is_initialized():
            return
        where: dict[str, Any] = {"include_dashboard": False}
        if self._address is not None:
            where = {"address": self._address}
        try:
            _knock(self._address)
            self.ray.init(**where, **_QUIET)
        except Exception as error:  # Ray's errors of this kind have no common base
            name = "a local cluster" if self._address is None else repr(self._address)
            words = " ".join(str(error).split())
            raise StudyError(f"ray.address: {name} cannot be reached: {words}") from error

    def check_room(self, needs: Mapping[str, float]) -> None:
        """Compare what a worker needs with what a local cluster has; others may grow.

        Raises:
            StudyError: If a worker could never start.
        """
        if self._address is not None:
            return
        there = self.ray.cluster_resources()
        for name, amount in needs.items():
            if amount > (limit := there.get(RESOURCE_NAMES[name], 0)):
                raise StudyError(f"ray.{name}: a worker needs {amount:g}, and this machine has {limit:g}")

    def is_alive(self, worker: str, host: str) -> bool | None:
        """Whether a process of one of the cluster's machines still runs, by asking there.

        Returns:
            False also where the machine has left the cluster; None where it never was in it, or is silent.
        """
        nodes = [node for node in self.ray.nodes() if node["NodeManagerHostname"] == host]
        there = [node["NodeID"] for node in nodes if node["Alive"]]
        if not there:
            return False if nodes else None
        only_there = self.ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(there[0], soft=False)
        look = self.ray.remote(is_process_alive).options(num_cpus=0, scheduling_strategy=only_there)
        try:
            answer: bool | None = self.ray.get(look.remote(worker), timeout=_ANSWER)
        except self.ray.exceptions.RayError:
            return None
        return answer
