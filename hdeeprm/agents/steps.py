"""One step by two names: an observation goes forward through ``forward`` or ``process``.

HDeepRM 0.1 and 0.2 say ``process``, 0.3 says ``forward``, which is also what PyTorch calls a module's
network. Files of all of them define ``forward`` as this step, as a network that ``forward_policy`` calls, or
as nothing at all (``def forward(self, *inp): pass``). What is decided here is which of these a file means.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

import torch

NAMES = ("process", "forward")


class StepNames:
    """Lets a subclass define or call the step by either name."""

    _own_depth = 0  # how many calls of the subclass's own steps are under way
    _own_calls = 0  # and how many there have been
    _forward_is_step: bool | None = None  # not known before the first step

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Note the steps that a class outside this package defines itself."""
        super().__init_subclass__(**arguments)
        for name in NAMES:
            method = vars(cls).get(name)
            if isinstance(method, FunctionType) and not _is_ours(method):
                setattr(cls, name, _noted(method))

    def _step_named(self, other: str, observation: Any, step: Callable[[Any], Any]) -> Any:
        """The subclass's own step of the other name; the given one where it has none, or calls this itself.

        Args:
            other: Name that the base's method, which calls this, does not have.
            observation: What goes forward.
            step: What the base does.
        """
        own = getattr(self, other)
        if self._own_depth or _is_ours(own):
            return step(observation)
        if other == "forward" and not self._means_step(observation, step):
            return step(observation)
        answer = own(observation)
        return step(observation) if answer is None else answer

    def _means_step(self, observation: Any, step: Callable[[Any], Any]) -> bool:
        """Whether the subclass's ``forward`` is a step, not a network that the base's step goes through."""
        if self._forward_is_step is None:
            calls, mark = self._own_calls, self.mark()  # type: ignore[attr-defined]
            try:
                with torch.no_grad():
                    step(observation)
                self._forward_is_step = self._own_calls == calls
            except NotImplementedError:  # there is no forward_policy: it can only be the step
                self._forward_is_step = True
            self.take_back(mark)  # type: ignore[attr-defined]
        return self._forward_is_step


def _is_ours(method: Any) -> bool:
    return str(getattr(method, "__module__", "")).startswith("hdeeprm.agents.")


def _noted(method: FunctionType) -> Callable[..., Any]:
    """The method, which notes that it is under way."""

    @functools.wraps(method)
    def own_step(self: StepNames, *args: Any, **arguments: Any) -> Any:
        self._own_depth += 1
        self._own_calls += 1
        try:
            return method(self, *args, **arguments)
        finally:
            self._own_depth -= 1

    return own_step
