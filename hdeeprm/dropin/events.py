"""Events of the scheduler's replies, and how messages speak of them."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import BatsimError, did_you_mean

from .ids import parse_ids
from .texts import SHOWN, cut

if TYPE_CHECKING:
    from .simulation import Simulation

LARGEST = sys.float_info.max


class Event:
    """An event and where it stands."""

    def __init__(self, place: int, content: Mapping[str, Any]) -> None:
        self.place = place
        self.kind: str = content["type"]
        self.time = time_of(content.get("timestamp"), f"events[{place}].timestamp")
        self.data: Any = content.get("data")
        if not isinstance(self.data, dict):
            raise self.error("has no object 'data'")

    @property
    def where(self) -> str:
        """For messages."""
        return event_name(self.place, self.kind)

    def text(self, key: str) -> str:
        """A string that must be there."""
        value = self.data.get(key)
        if not isinstance(value, str):
            raise self.error(f"data.{key}: {shown(value)} is no text")
        return value

    def machines(self, key: str, simulation: Simulation) -> list[int]:
        """Ids of machines, ascending."""
        try:
            return parse_ids(self.text(key), simulation.batsim.hosts.num_hosts)
        except ValueError as error:
            raise self.error(f"data.{key}: {error}") from error

    def job(self, simulation: Simulation, name: Any) -> int:
        """Number of a job."""
        number = simulation.numbers.get(name) if isinstance(name, str) else None
        if number is None:
            near = did_you_mean(str(name)[:SHOWN], simulation.numbers)
            raise self.error(f"there is no job {shown(name)}.{near}")
        return number

    def error(self, message: str) -> BatsimError:
        """What is wrong with it."""
        return BatsimError(f"{self.where}: {message}")


def event_name(place: int, kind: str) -> str:
    """What messages call an event of a reply."""
    return f"the scheduler's reply: events[{place}] ({kind})"


def number_of(value: object) -> float:
    """A finite number of JSON, NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
        return math.nan
    return float(value)


def time_of(value: object, where: str) -> float:
    """A time in s.

    Raises:
        BatsimError: If it is none.
    """
    time = number_of(value)
    if not time >= 0.0:
        raise BatsimError(f"the scheduler's reply: {where}: {shown(value)} is no time in s of at least 0")
    return time


def shown(value: object) -> str:
    """A wrong value, cut where it is long."""
    return cut(repr(value))
