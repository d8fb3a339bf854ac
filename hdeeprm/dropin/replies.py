"""The scheduler's replies: taken in, and made commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import BatsimError, did_you_mean
from hdeeprm.simulator.batsim.machine import Command

from .commands import MAKERS
from .events import Event, event_name, shown, time_of
from .texts import SHOWN, cut

if TYPE_CHECKING:
    from .simulation import Simulation

UNSUPPORTED = ("CHANGE_JOB_STATE", "TO_JOB_MSG", "ANSWER", "RESOURCES_ADDED", "RESOURCES_REMOVED")
"""Events that PyBatsim or Batsim know besides."""


def take_reply(data: bytes, simulation: Simulation) -> tuple[list[Command], float]:
    """Take in a reply, event by event, since an event may speak of a job that one before it registers.

    The simulation is given the jobs and profiles that are registered, the metadata, and where jobs will run.

    Returns:
        A command for each event, which is not carried out yet, and the time at which the reply was ready,
        in s.

    Raises:
        BatsimError: If it is no such reply, or asks for what can't be; the message names the event.
    """
    try:
        reply = _object(data)
        now = time_of(reply.get("now"), "now")
        events = reply.get("events")
        if not isinstance(events, list):
            raise _wrong(data, "has no list 'events'")
        return [_command(event, place, now, simulation) for place, event in enumerate(events)], now
    except RecursionError as error:
        raise _wrong(data, "is nested too deeply") from error


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        reply = json.loads(data.decode())
    except ValueError as error:
        raise _wrong(data, f"is no JSON ({error})") from error
    if not isinstance(reply, dict):
        raise _wrong(data, "is not a JSON object")
    return reply


def _wrong(data: bytes, what: str) -> BatsimError:
    text = cut(data.decode("utf-8", "backslashreplace"))
    return BatsimError(f"the scheduler's reply {what}: {text!r}; it is to be {{'now': s, 'events': [...]}}")


def _command(content: Any, place: int, now: float, simulation: Simulation) -> Command:
    if not isinstance(content, dict) or not isinstance(content.get("type"), str):
        raise BatsimError(f"the scheduler's reply: events[{place}] is no event with a type: {shown(content)}")
    kind = content["type"]
    make = MAKERS.get(kind)
    if make is None:
        raise BatsimError(f"{event_name(place, shown(kind))}: {_not_supported(kind[:SHOWN])}")
    event = Event(place, content)
    if event.time > now:
        raise event.error(f"its timestamp {event.time:g} s is after the reply's now, {now:g} s")
    return make(event, simulation)


def _not_supported(kind: str) -> str:
    if kind in UNSUPPORTED:
        return "this event is not simulated here; take the real Batsim for it"
    return f"is no event of Batsim's protocol.{did_you_mean(kind, MAKERS)} Known are {', '.join(MAKERS)}"
