"""Which host is Batsim's master, and which id each of the others has."""

from __future__ import annotations

from typing import NamedTuple

from hdeeprm.errors import PlatformError, did_you_mean
from hdeeprm.simulator.batsim.simgrid.platform import Host, SimGridPlatform

MASTER_HOST = "master_host"
"""Name of the master unless another one is given."""
MASTER, COMPUTE_NODE = "master", "compute_node"
ROLES = (MASTER, COMPUTE_NODE)
"""What the property "role" of a host may be; none is as "compute_node"."""


class Machines(NamedTuple):
    """The hosts of a platform as Batsim sees them."""

    master: Host
    """Where the scheduler's messages are sent; nothing runs on it."""
    hosts: tuple[Host, ...]
    """The others: the id of each is its place here."""


def machines(platform: SimGridPlatform, master: str = MASTER_HOST) -> Machines:
    """The master and the machines; their ids are the ranks of their names in the order of characters.

    Args:
        platform: A platform.
        master: Name of the master; a host of role "master" is one too.

    Raises:
        PlatformError: If there is no master or more than one, an unknown role, or no other host.
    """
    _check_roles(platform)
    masters = [
        host for host in platform.hosts if MASTER in (host.properties.get("role"), _role(host, master))
    ]
    if len(masters) != 1:
        raise PlatformError(_wrong_masters(platform, master, masters))
    others = sorted((host for host in platform.hosts if host is not masters[0]), key=lambda host: host.name)
    if not others:
        raise PlatformError(
            f"{platform.source}: there is no host but the master {masters[0].name!r}. Add some."
        )
    return Machines(masters[0], tuple(others))


def _role(host: Host, master: str) -> str:
    """Role of a host, given the name of the master."""
    return MASTER if host.name == master else host.properties.get("role") or COMPUTE_NODE


def _check_roles(platform: SimGridPlatform) -> None:
    """Refuse storage hosts and what is no role at all."""
    for host in platform.hosts:
        role = host.properties.get("role") or COMPUTE_NODE
        if role not in ROLES:
            raise PlatformError(
                f"{platform.source}: host {host.name!r}: role {role!r} is not supported."
                f"{did_you_mean(role, ROLES)} Supported: {', '.join(ROLES)}."
            )


def _wrong_masters(platform: SimGridPlatform, master: str, masters: list[Host]) -> str:
    if masters:
        names = ", ".join(repr(host.name) for host in masters)
        return f"{platform.source}: {names} are all master hosts; there must be one."
    hint = did_you_mean(master, (host.name for host in platform.hosts))
    return (
        f"{platform.source}: there is no master host {master!r}.{hint} Name one of its hosts as the master, "
        "or give one the property role='master'."
    )
