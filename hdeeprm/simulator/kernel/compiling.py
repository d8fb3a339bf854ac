"""How the kernel is compiled: Numba, cached under a key of all kernel sources.

Numba's own cache looks at the file of the called function only, so that a change in another room of the
kernel would go unseen. Here each state of the sources has a cache directory of its own.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from .linking import part_settings

Function = TypeVar("Function", bound=Callable[..., Any])

_njit: Any = numba.njit  # its type hints, where Numba has some, leave out options
_settings: Any = numba.config
_SETTINGS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
"""No function makes an array, so that references need not be counted: that compiles in four fifths of the
time, and threads do not wait for each other's counting."""


def sources_key() -> str:
    """Hash of all sources of the kernel and of the version of Numba."""
    digest = hashlib.sha256(numba.__version__.encode())
    compiled_folders = (Path(__file__).parent, Path(__file__).parents[1] / "batsim" / "clock")
    for source in sorted(source for folder in compiled_folders for source in folder.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def cache_directory() -> str:
    """Where compiled code is kept: Numba's own setting, else the user's cache, else a temporary place."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return chosen
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = home / "hdeeprm" / f"kernel-{sources_key()}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if os.access(directory, os.W_OK):
            return str(directory)
    except OSError:
        pass
    return str(Path(tempfile.gettempdir()) / f"hdeeprm-{os.getuid()}" / f"kernel-{sources_key()}")


CACHE_DIRECTORY = cache_directory()


def is_compiled() -> bool:
    """Whether the kernel's machine code is there already, or none is wanted."""
    return bool(_settings.DISABLE_JIT) or any(Path(CACHE_DIRECTORY).rglob("*.nbc"))


def compiled(function: Function) -> Function:
    """Compile a part of the kernel, which is linked into the entry points that call it; Python cannot."""
    return cast(Function, _njit(**_SETTINGS, **part_settings())(function))


def inlined(function: Function) -> Function:
    """Compile a part of the kernel into its callers: to hand over all tables costs more than a small part."""
    return cast(Function, _njit(**_SETTINGS, **part_settings(), forceinline=True)(function))


def entry_point(function: Function) -> Function:
    """Compile a function that Python calls, and keep its machine code for the next process."""
    others_directory = _settings.CACHE_DIR
    _settings.CACHE_DIR = CACHE_DIRECTORY
    try:
        return cast(Function, _njit(**_SETTINGS, cache=True)(function))
    finally:
        _settings.CACHE_DIR = others_directory
