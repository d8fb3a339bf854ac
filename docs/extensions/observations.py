"""How many values observations have."""

from __future__ import annotations

from hdeeprm.env.observations import KINDS
from hdeeprm.options import OBSERVATION_NAMES, ActionOptions
from hdeeprm.platforms import load_platform

from .markdown import code, table


def list_observation_sizes(*platforms: str) -> str:
    """Size of each kind of observation on some platforms, with the default number of jobs shown."""
    loaded = [load_platform(name) for name in platforms]
    num_jobs = ActionOptions().num_jobs
    rows = [
        (code(name), *(f"{KINDS[name].size(platform, num_jobs):,}" for platform in loaded))
        for name in OBSERVATION_NAMES
    ]
    return table(("observation", *(f"values on {code(name)}" for name in platforms)), rows)
