"""Ctrl-C: at once, but for machine code that is being made."""

from __future__ import annotations

import os
import signal
import time

import pytest
from numba.core.compiler_lock import global_compiler_lock

from hdeeprm.interrupts import AGAIN_SECONDS, interruptible


def interrupt(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_at_once(number: int) -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        interrupt(number)


def test_it_waits_for_the_compiler() -> None:
    compiled = False
    with pytest.raises(KeyboardInterrupt), interruptible():
        with global_compiler_lock:
            interrupt()
            time.sleep(3 * AGAIN_SECONDS)
            compiled = True
        time.sleep(10)
    assert compiled


def test_the_second_time_it_does_not_wait() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible(), global_compiler_lock:
        interrupt()
        interrupt()
        pytest.fail("it was not interrupted")
    assert not global_compiler_lock.is_locked()


def test_signals_are_as_they_were_afterwards() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    with interruptible():
        assert all(signal.getsignal(number) not in before for number in numbers)
    assert [signal.getsignal(number) for number in numbers] == before


def test_what_a_script_ignores_in_its_background_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible():
            interrupt()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
