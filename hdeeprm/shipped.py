"""Finds the platforms, workloads and models that come with the package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def _shipped(folder: str) -> dict[str, Path]:
    """Files of the first place that has the folder: inside the package, else beside it (a checkout)."""
    for place in (_PACKAGE / "data" / folder, _PACKAGE.parent / folder):
        if place.is_dir():
            files = (path for path in sorted(place.iterdir()) if path.is_file())
            return {
                path.name: path for path in files if not path.name.startswith(".") and path.suffix != ".md"
            }
    return {}


def shipped_file(folder: str, name: str) -> Path | None:
    """A shipped file, by its name with or without extensions; None where there is none.

    Args:
        folder: ``"platforms"``, ``"workloads"`` or ``"models"``.
        name: Such as ``"gaia"`` or ``"gaia.json"``.
    """
    files = _shipped(folder)
    return files.get(name) or next((path for file, path in files.items() if _bare(file) == name), None)


def shipped_names(folder: str) -> tuple[str, ...]:
    """Names of the shipped files of a folder without their extensions, sorted."""
    return tuple(sorted({_bare(file) for file in _shipped(folder)}))


def _bare(file: str) -> str:
    return file.partition(".")[0]
