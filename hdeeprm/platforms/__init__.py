"""The heterogeneity layer: a platform file and the catalogue become a resource hierarchy.

platform file → files (read, check) → loading → Platform
catalogue + p_states ──────────────────↗
"""

from hdeeprm.platforms.loading import load_platform
from hdeeprm.platforms.p_states import P_STATES, PState
from hdeeprm.platforms.platform import Cluster, Platform

__all__ = ["P_STATES", "Cluster", "PState", "Platform", "load_platform"]
