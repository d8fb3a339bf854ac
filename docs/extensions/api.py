"""The public names of the package, documented by their docstrings."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from pydantic import BaseModel
from sphinx.application import Sphinx

import hdeeprm

from .markdown import plain, rst, table


def list_public_names() -> str:
    """The names of ``hdeeprm`` itself, each with a link to its description."""
    rows = []
    for name in hdeeprm.__all__:
        if name in hdeeprm._MODULES:
            home = f"hdeeprm.{hdeeprm._MODULES[name]}"
            summary = (inspect.getdoc(getattr(hdeeprm, name)) or "").split("\n")[0]
            rows.append((f"{{py:obj}}`{name} <{home}.{name}>`", plain(summary)))
    return table(("name", "what it is"), rows)


def describe_module(module: str, *names: str) -> str:
    """Some public names of a module, or all of them."""
    chosen = names or sorted(importlib.import_module(module).__all__)
    about = f".. automodule:: {module}\n   :no-members:\n"
    return f"## {module}\n\n" + rst("\n".join([about, *(_describe(module, name) for name in chosen)]))


def _describe(module: str, name: str) -> str:
    value = getattr(importlib.import_module(module), name)
    if inspect.isclass(value):
        fields = ",".join(value.model_fields) if issubclass(value, BaseModel) else ""
        hidden = f"   :exclude-members: {fields}\n" if fields else ""  # described with the options
        return f".. autoclass:: {module}.{name}\n   :members:\n{hidden}"
    kind = "autofunction" if inspect.isfunction(value) else "autodata"
    return f".. {kind}:: {module}.{name}\n"


def drop_docstring_of_type(
    app: Sphinx, what: str, name: str, value: object, options: Any, lines: list[str]
) -> None:
    """Leave out the docstring that a constant has from its type, since it says nothing of the constant."""
    if what == "data" and lines[:1] == (inspect.getdoc(type(value)) or "").splitlines()[:1]:
        lines.clear()
