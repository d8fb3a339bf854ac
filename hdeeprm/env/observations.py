"""The kinds of observation by name: how large each is, and who writes it.

Further kinds are registered with :func:`register_observation`; options then name them as they name the
built-in ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Box, Space

from hdeeprm.errors import OptionsError
from hdeeprm.options.fields import register_observation_name
from hdeeprm.platforms import Platform
from hdeeprm.simulator import EmbeddedSimulator
from hdeeprm.simulator.kernel import observations as kernel

JOB_FEATURES = kernel.JOB_FEATURES
"""Values per job of the observation *queue*."""
WRITTEN_BY_PYTHON = -1

Observation = npt.NDArray[np.float32]
Size = Callable[[Platform, int], int]
"""Number of values on a platform, where so many of the oldest jobs are shown."""
Writer = Callable[[EmbeddedSimulator, Observation], None]
"""Writes the observation of a simulator's present state into an array, values in [0, 1]."""


class Kind(NamedTuple):
    """A kind of observation."""

    size: Size
    code: int = WRITTEN_BY_PYTHON  # the part of the kernel that writes it
    write: Writer | None = None  # or the function


def _hierarchy_size(platform: Platform, with_cores: bool) -> int:
    cores = kernel.FEATURES_PER_CORE * platform.num_cores if with_cores else 0
    return platform.num_nodes + platform.num_processors + cores + kernel.QUEUE_SIZE


KINDS = {
    "normal": Kind(lambda platform, num_jobs: _hierarchy_size(platform, True), kernel.NORMAL),
    "small": Kind(lambda platform, num_jobs: _hierarchy_size(platform, False), kernel.SMALL),
    "minimal": Kind(lambda platform, num_jobs: kernel.QUEUE_SIZE, kernel.MINIMAL),
    "fit": Kind(lambda platform, num_jobs: kernel.FIT_SIZE, kernel.FIT),
    "queue": Kind(lambda platform, num_jobs: num_jobs * JOB_FEATURES + kernel.SYSTEM_SIZE, kernel.QUEUE),
}


def register_observation(name: str, size: Size, write: Writer) -> None:
    """Make a kind of observation known by a name, for ``env.observation`` of the options.

    Args:
        name: How options name it.
        size: Number of values, from the platform and ``env.actions.num_jobs``.
        write: Called at each decision point with the simulator and the array to write, float32 in [0, 1].

    Raises:
        OptionsError: If there is a kind of that name.
    """
    if name in KINDS:
        raise OptionsError(f"observation {name!r} is there already; choose another name")
    KINDS[name] = Kind(size, write=write)
    register_observation_name(name)


def observation_space(name: str, platform: Platform, num_jobs: int) -> Space[Observation]:
    """Space of an observation: a flat box of float32 in [0, 1]."""
    box = Box(0.0, 1.0, (KINDS[name].size(platform, num_jobs),), np.float32)
    return cast("Space[npt.NDArray[np.float32]]", box)
