"""How the kernel is compiled: parts that are linked into entry points."""

from __future__ import annotations

import numba
import pytest

from hdeeprm.simulator.kernel import linking
from hdeeprm.simulator.kernel.compiling import compiled, inlined

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="about compilation")


def innermost(number: int) -> int:
    return 3 * number


@pytest.mark.parametrize("suits", [True, False], ids=["this Numba", "another Numba"])
def test_parts_are_linked_into_their_callers(monkeypatch: pytest.MonkeyPatch, suits: bool) -> None:
    if not suits:
        monkeypatch.setattr(linking, "_LAST", (0, 0))
    inner = inlined(innermost)
    outer = compiled(lambda number: inner(number) + 1)
    entry = numba.njit(lambda number: outer(number) + inner(outer(number)))
    assert entry(2) == 7 + 21
    (made,) = outer.overloads.values()  # type: ignore[attr-defined]
    assert isinstance(made.library, linking._PartLibrary) == suits


def test_python_cannot_call_a_part() -> None:
    with pytest.raises(TypeError):
        compiled(innermost)(1)
