"""What jobs do: Batsim's profiles, and what each means for hosts and links.

Amounts are of each host (flop) and of each ordered pair of hosts (byte), as in Batsim 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from hdeeprm.simulator.kernel.tables import Floats, Integers

TCP_WINDOW_BYTES = 4194304.0
"""SimGrid's largest TCP window: a flow moves at most this in two latencies [SimGrid, network/TCP-gamma]."""


class Network(Protocol):
    """Links between hosts, which are numbered after the hosts."""

    def route(self, source: int, target: int) -> tuple[Sequence[int], float]:
        """Links from one host to another, and their latency in s."""


@dataclass(frozen=True)
class Delay:
    """Waits."""

    seconds: float
    return_code: int = 0


@dataclass(frozen=True)
class Task:
    """Computes and communicates, on all hosts at a time."""

    flops: tuple[float, ...] | float  # of each host in order, or of every one
    num_bytes: tuple[tuple[float, ...], ...] | float = 0.0  # from each host (row) to each, or of every pair
    total: bool = False  # the two numbers are divided by the number of hosts
    return_code: int = 0

    @property
    def num_hosts(self) -> int | None:
        """How many hosts it is for, None for any number."""
        return None if isinstance(self.flops, float) else len(self.flops)

    def host_flops(self, num_hosts: int) -> Floats:
        """Flop of each host, shape (num_hosts,)."""
        flops = np.asarray(self.flops, np.float64)
        return np.full(num_hosts, flops / num_hosts if self.total else flops) if flops.ndim == 0 else flops

    def lone_flops(self, num_hosts: int) -> float | None:
        """Flop of each host where all do the same and none communicates, else None."""
        if not isinstance(self.flops, float) or (self.num_bytes != 0.0 and num_hosts > 1):
            return None
        return self.flops / num_hosts if self.total else self.flops

    def pairs(self, num_hosts: int) -> Iterator[tuple[int, int, float]]:
        """Pairs of hosts that communicate, by their places, with their bytes; one host has nobody."""
        if num_hosts == 1:
            return
        if isinstance(self.num_bytes, tuple):
            for source, row in enumerate(self.num_bytes):
                for target, amount in enumerate(row):
                    if amount > 0.0:
                        yield source, target, amount
            return
        amount = self.num_bytes / num_hosts if self.total else self.num_bytes
        if amount > 0.0:
            for source in range(num_hosts):
                for target in range(num_hosts):
                    if source != target:
                        yield source, target, amount


@dataclass(frozen=True)
class Composed:
    """Does other profiles one after the other, again and again."""

    sequence: tuple[Profile, ...]
    names: tuple[str, ...]
    repeat: int = 1
    return_code: int = 0


Leaf: TypeAlias = Delay | Task
Profile: TypeAlias = Delay | Task | Composed


@dataclass(frozen=True)
class Uses:
    """What a stage uses of hosts and links."""

    resources: Integers  # hosts first
    weights: Floats  # flop or byte on each
    num_hosts: int
    latency: float  # s before it flows
    latency_bound: float  # on its rate, in 1/s; 0 for none


def uses_of(task: Task, hosts: Sequence[int], network: Network) -> Uses:
    """What a task uses on some hosts, one of which may be named several times."""
    flops: dict[int, float] = {}
    for host, amount in zip(hosts, task.host_flops(len(hosts)).tolist(), strict=True):
        flops[host] = flops.get(host, 0.0) + amount
    flows: dict[int, float] = {}
    latency = slowest = 0.0
    for source, target, amount in task.pairs(len(hosts)):
        links, delay = network.route(hosts[source], hosts[target])
        for link in links:
            flows[link] = flows.get(link, 0.0) + amount
        latency, slowest = max(latency, delay), max(slowest, delay * amount)
    return Uses(
        np.array([*flops, *flows], np.int64),
        np.array([*flops.values(), *flows.values()]),
        len(flops),
        latency,
        TCP_WINDOW_BYTES / (2.0 * slowest) if slowest > 0.0 else 0.0,
    )


def message_uses(links: Sequence[int], latency: float) -> Uses:
    """What a message of one byte uses, over links and with a latency in s."""
    amounts: dict[int, float] = {}
    for link in links:
        amounts[link] = amounts.get(link, 0.0) + 1.0
    bound = TCP_WINDOW_BYTES / (2.0 * latency) if latency > 0.0 else 0.0
    return Uses(np.array([*amounts], np.int64), np.array([*amounts.values()]), 0, latency, bound)


def leaves(profile: Profile) -> Iterator[Leaf]:
    """The stages that a job of a profile goes through, in order."""
    if not isinstance(profile, Composed):
        yield profile
        return
    for _ in range(profile.repeat):
        for part in profile.sequence:
            yield from leaves(part)


def num_stages(profile: Profile) -> int:
    """How many stages a job of a profile goes through."""
    if not isinstance(profile, Composed):
        return 1
    return profile.repeat * sum(num_stages(part) for part in profile.sequence)


def host_counts(profile: Profile) -> Iterator[int]:
    """Numbers of hosts that parts of a profile are made for; none where any number will do."""
    if isinstance(profile, Task) and profile.num_hosts is not None:
        yield profile.num_hosts
    elif isinstance(profile, Composed):
        for part in profile.sequence:
            yield from host_counts(part)


def is_divisible(profile: Profile) -> bool:
    """Whether a job may run on another number of hosts than it asks for: its work is a total."""
    parts = profile.sequence if isinstance(profile, Composed) else (profile,)
    return all(isinstance(part, Task) and part.total for part in parts)


def return_code(profile: Profile) -> int:
    """What a job of a profile returns if all its stages succeed."""
    return profile.return_code if isinstance(profile, Composed) else 0
