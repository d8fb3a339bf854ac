"""PyBatsim's network with its replies held back, and the messages that come over it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import BatsimError, HDeepRMError

if TYPE_CHECKING:
    from batsim.network import NetworkHandler

Message = dict[str, Any]

LONGEST_SHOWN = 300
"""Letters of a message that an error shows."""


class HeldReplies:
    """PyBatsim's network, whose replies wait until the next message is wanted.

    Args:
        network: The network of PyBatsim.
        wait: Called before a message is received; raises where none will come.
    """

    def __init__(self, network: NetworkHandler, wait: Callable[[], None] = lambda: None) -> None:
        self._network = network
        self._wait = wait
        self._reply: Message | None = None
        self._next: Message | None = None

    def peek(self) -> Message:
        """The next message, which stays the next one; the reply to the one before is sent."""
        if self._next is None:
            self._flush()
            self._wait()
            self._next = self._received()
        return self._next

    def recv(self, blocking: bool = False) -> Message:
        """The next message, as PyBatsim asks for it."""
        message = self.peek()
        self._next = None
        return message

    def send(self, reply: Message) -> None:
        """Hold a reply of PyBatsim."""
        self._reply = reply

    def close(self) -> None:
        """Send what is held and end the connection."""
        self._flush()
        self._network.close()

    def _flush(self) -> None:
        if self._reply is not None:
            self._network.send(self._reply)
            self._reply = None

    def _received(self) -> Message:
        with understood("bytes that are no text"):
            text = self._network.recv_string()
        if text is None:
            raise BatsimError(
                f"Batsim was silent for {self._network.timeout / 1000:g} s; see what it says, or give it "
                "more time: pybatsim -t 60000, in ms"
            )
        with understood(text):
            message: Message = json.loads(text)
            message["now"] = _time(message["now"])
        return message


def _time(value: Any) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"now is {value!r}, not a time")
    return float(value)


@contextmanager
def understood(message: object) -> Iterator[None]:
    """Say of an error which message of Batsim raised it."""
    try:
        yield
    except HDeepRMError:
        raise
    except Exception as error:
        shown = str(message)
        cut = f"{shown[:LONGEST_SHOWN]} …" if len(shown) > LONGEST_SHOWN else shown
        raise BatsimError(
            f"Batsim's message is not understood ({type(error).__name__}: {error}): {cut}; take Batsim 3 or "
            "4 without options beyond those of this package"
        ) from error
