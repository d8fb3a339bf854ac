"""Which simulator the options ask for, and the Batsim that tells it the time where it is told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from hdeeprm.options.queue import QueueOptions
from hdeeprm.options.simulator import SimulatorOptions
from hdeeprm.platforms import Platform
from hdeeprm.scores import Score
from hdeeprm.workloads.workload import Workload

from .batch import SimulatorBatch
from .batsim.peer import Peer
from .embedded import EmbeddedSimulator
from .queue_rules import QueueRules
from .told import ToldSimulator
from .told_batch import ToldBatch

NewPeer: TypeAlias = Callable[[Platform, Workload], Peer]
"""Makes a Batsim for a platform and a workload."""


def peer_of(chosen: SimulatorOptions) -> NewPeer | None:
    """How the options make a Batsim; None where the exact clock needs none."""
    if chosen.backend == "batsim":
        return partial(_real, chosen)
    return partial(_embedded, chosen) if chosen.clock == "batsim" else None


def _real(chosen: SimulatorOptions, platform: Platform, workload: Workload) -> Peer:
    from .batsim.pybatsim_peer import PyBatsimPeer
    from .batsim.retracing import RetracingPeer

    real = PyBatsimPeer(
        platform, command=chosen.batsim_command, timeout=chosen.timeout, simgrid=chosen.simgrid
    )
    return RetracingPeer(real)


def _embedded(chosen: SimulatorOptions, platform: Platform, workload: Workload) -> Peer:
    from .batsim.embedded_peer import EmbeddedPeer
    from .batsim.retracing import RetracingPeer

    return RetracingPeer(EmbeddedPeer(platform, simgrid=chosen.simgrid, start_power=chosen.start_power))


def queue_rules(chosen: QueueOptions, scores: tuple[Score, ...]) -> QueueRules:
    """How the options have the queue served, with the scores of the actions."""
    return QueueRules(scores, **chosen.model_dump())


def new_simulator(
    new_peer: NewPeer | None, platform: Platform, workload: Workload, **settings: Any
) -> EmbeddedSimulator:
    """A simulator, by itself or told the time by a Batsim; settings as of :class:`EmbeddedSimulator`.

    Raises:
        DependencyNotInstalled: If PyBatsim is asked for and missing.
        BatsimError: If Batsim is asked for and not found.
    """
    if new_peer is None:
        return EmbeddedSimulator(platform, workload, **settings)
    return ToldSimulator(new_peer(platform, workload), platform, workload, **settings)


def new_batch(
    new_peer: NewPeer | None, platform: Platform, workload: Workload, *shape: Any, **settings: Any
) -> SimulatorBatch:
    """Simulators side by side, likewise; ``shape`` and settings as of :class:`SimulatorBatch`."""
    if new_peer is None:
        return SimulatorBatch(platform, workload, *shape, **settings)
    return ToldBatch(partial(new_peer, platform, workload), platform, workload, *shape, **settings)
