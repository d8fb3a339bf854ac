"""Units of memory and of memory bandwidth, decimal as those of SI."""

from __future__ import annotations

KB_PER_MB = 1000
MB_PER_GB = 1000
KB_PER_GB = KB_PER_MB * MB_PER_GB
