"""What differs between Batsims by the SimGrid that they are built with."""

from __future__ import annotations

from typing import NamedTuple


class Tolerance(NamedTuple):
    """What SimGrid takes for nothing."""

    work: float  # fractions of the work of a job
    seconds: float  # of a sleep, in s


class Version(NamedTuple):
    """A version of SimGrid."""

    tolerance: Tolerance
    charges_p0: bool  # hosts at the power of P-state 0 until they are first looked at after time 0
    watts_property: str  # of hosts in platform files
    master_routing: str
    """Routing by which nothing lies between the master host and itself.

    From SimGrid 3.25 on, "None" aborts on that; "Full" would put a loopback of 15 us there.
    """


VERSIONS = {
    "3.24": Version(Tolerance(1e-10, 1e-5), False, "watt_per_state", "None"),
    "3.29": Version(Tolerance(1e-14, 1e-9), True, "wattage_per_state", "Cluster"),
}
"""By the names that options give them."""
