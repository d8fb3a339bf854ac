"""Parts of the kernel: compiled as far as they are linked into entry points, which alone become machine code.

Numba by itself optimises every function and makes machine code of it before it links it into its callers,
where it is optimised again; over a dozen levels of calls that is most of the time of a compilation. There is
no option against it, so a library of another kind does it, in versions of Numba that it is known to suit.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

_FIRST, _LAST = (0, 61), (0, 68)
_REFUSAL = ctypes.cast(ctypes.pythonapi.PyErr_BadArgument, ctypes.c_void_p).value
"""What Python calls where it calls a part, which has no face for it: raises TypeError."""


class _PartLibrary(JITCodeLibrary):
    """Code to link, and not to run: it is not optimised here, and the execution engine does not know it."""

    def _optimize_final_module(self) -> None: ...

    def _finalize_final_module(self) -> None:
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int | None:
        return _REFUSAL

    @property
    def codegen(self) -> _PartLibrary:
        return self

    def set_env(self, env_name: str, env: Any) -> None:
        """Only functions that raise exceptions or use objects of Python read their environment; none here."""


class _PartCompiler(Compiler):
    """Numba's passes into such a library."""

    def define_pipelines(self) -> list[Any]:
        """The usual passes."""
        library: Any = _PartLibrary
        state = self.state
        state.library = library(state.targetctx.codegen(), state.func_id.func_qualname)
        return list(super().define_pipelines())  # type: ignore[no-untyped-call]


def part_settings() -> dict[str, Any]:
    """Options of ``numba.njit`` for functions that only compiled code calls."""
    settings = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    if _FIRST <= numba.version_info.short <= _LAST:
        return settings | {"pipeline_class": _PartCompiler}
    return settings
