"""The kinds of observation by name: how large each is, and which part of the kernel writes it."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Box, Space

from hdeeprm.platforms import Platform
from hdeeprm.simulator.kernel.observations import FEATURES_PER_CORE, MINIMAL, NORMAL, QUEUE_SIZE, SMALL

KINDS = {"normal": NORMAL, "small": SMALL, "minimal": MINIMAL}


def observation_size(name: str, platform: Platform) -> int:
    """Number of values of an observation."""
    size = QUEUE_SIZE
    if name != "minimal":
        size += platform.num_nodes + platform.num_processors
    if name == "normal":
        size += FEATURES_PER_CORE * platform.num_cores
    return size


def observation_space(name: str, platform: Platform) -> Space[npt.NDArray[np.float32]]:
    """Space of an observation: a flat box of float32 in [0, 1]."""
    box = Box(0.0, 1.0, (observation_size(name, platform),), np.float32)
    return cast("Space[npt.NDArray[np.float32]]", box)
