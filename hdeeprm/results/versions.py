"""versions.json: what a run was made with."""

from __future__ import annotations

import platform
from importlib import metadata

from hdeeprm import __version__

PACKAGES = ("numpy", "numba", "gymnasium", "pybatsim", "torch")


def versions() -> dict[str, str]:
    """Version of HDeepRM, of Python, of each installed package that results depend on, and the platform.

    Packages are looked up, not imported; the name of the machine is left out.
    """
    found = {"hdeeprm": __version__, "python": platform.python_version(), "platform": platform.platform()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
