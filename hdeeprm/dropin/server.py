"""The conversation with the scheduler, over ZeroMQ: ask, wait for the reply, go on."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from hdeeprm.errors import BatsimError, OptionsError, not_installed

from .texts import cut

PATIENCE_SECONDS = 2.0
"""After what time it is told that nobody listens yet."""
POLL_MILLISECONDS = 200
"""Between two looks at whether the scheduler is still there."""


class Connection:
    """A connection to the scheduler, which listens.

    Args:
        endpoint: Where it listens, such as ``tcp://localhost:28000``.
        connect_timeout: How long to wait for it to listen, in s.

    Raises:
        DependencyNotInstalled: If pyzmq is missing.
        OptionsError: If the endpoint is none.
    """

    def __init__(self, endpoint: str, connect_timeout: float) -> None:
        try:
            import zmq
            from zmq.utils.monitor import recv_monitor_message
        except ImportError as error:
            raise not_installed("the connection to a scheduler", "pyzmq", "batsim") from error
        self.endpoint = endpoint
        self.waited = 0.0
        self._zmq = zmq
        self._monitor_message: Any = recv_monitor_message
        self._connect_timeout = connect_timeout
        self._is_connected = self._is_told = False
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.REQ)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVTIMEO, POLL_MILLISECONDS)
        self._monitor = self._socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED
        )
        try:
            self._socket.connect(endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise OptionsError(
                f"-s {endpoint!r} is no endpoint ({error}); give one such as tcp://localhost:28000"
            ) from error

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the sockets."""
        self._socket.disable_monitor()
        self._monitor.close(linger=0)
        self._socket.close(linger=0)
        self._context.term()

    def exchange(self, message: str, meanwhile: Callable[[], None]) -> bytes:
        """Send a message, do something else meanwhile, and wait for the reply.

        Raises:
            BatsimError: If nobody listens, or the scheduler goes away.
        """
        started = time.perf_counter()
        self._send(message, started)
        meanwhile()
        while True:
            try:
                parts = self._socket.recv_multipart()
            except self._zmq.Again:
                self._look(message, started)
                continue
            if len(parts) > 1:
                raise BatsimError(
                    f"the scheduler's reply to {cut(message)} has {len(parts)} parts; one of JSON is wanted"
                )
            self.waited += time.perf_counter() - started
            return bytes(parts[0])

    def _send(self, message: str, started: float) -> None:
        while True:
            try:
                self._socket.send_string(message, self._zmq.NOBLOCK)
                return
            except self._zmq.Again:  # it has gone away, or does not listen yet
                time.sleep(POLL_MILLISECONDS / 1000)
                self._look(message, started)

    def _look(self, message: str, started: float) -> None:
        """Whether the scheduler is there."""
        while self._monitor.poll(0):
            event = self._monitor_message(self._monitor)["event"]
            if event == self._zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self._is_connected = True
            elif self._is_connected:
                raise BatsimError(
                    f"the scheduler at {self.endpoint} has gone away without a reply to {cut(message)}; "
                    "nothing was written"
                )
        waited = time.perf_counter() - started
        if not self._is_connected and not self._is_told and waited > PATIENCE_SECONDS:
            self._is_told = True
            limit = self._connect_timeout
            print(f"waiting up to {limit:g} s for a scheduler at {self.endpoint} ...", file=sys.stderr)
        if not self._is_connected and waited > self._connect_timeout:
            raise BatsimError(
                f"no scheduler listens at {self.endpoint} after {waited:.0f} s; start it, or see "
                "whether it has ended; give its endpoint with -s, or wait longer with --connect-timeout"
            )
