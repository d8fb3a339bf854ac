"""The tree of the package in the order in which data flows, from the contract that checks imports."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

from .markdown import code, plain, table

ROOT = Path(__file__).parents[2]


def list_layers() -> str:
    """Every part of the package with the first line of its docstring, the lowest layer first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (layers,) = (contract["layers"] for contract in settings["contracts"] if "layers" in contract)
    rows = []
    for layer in reversed(layers):
        parts = [part.strip() for part in layer.split("|")]
        rows += [(code(_path(part).relative_to(ROOT)), _summary(part)) for part in parts]
    return table(("part", "what it is"), rows)


def _path(part: str) -> Path:
    """The folder of a package, or the file of a module."""
    folder = ROOT.joinpath(*part.split("."))
    return folder if folder.is_dir() else folder.with_suffix(".py")


def _summary(part: str) -> str:
    path = _path(part)
    source = path / "__init__.py" if path.is_dir() else path
    text = ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""
    return plain(" ".join(text.split("\n\n")[0].split()))
