"""Zones that route over the fewest links: Floyd and Dijkstra, which break ties differently."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hdeeprm.simulator.batsim.simgrid.routing import Ends, Leg

FAR = np.iinfo(np.int64).max // 4
"""Number of links to what can't be reached; two of them can be added."""


def _with_loopback(members: Sequence[str], legs: Mapping[Ends, Leg], loopback: Leg | None) -> dict[Ends, Leg]:
    """Declared routes, and one from each member to itself."""
    own = {} if loopback is None else {(name, name): loopback for name in members}
    return {**own, **legs}


@dataclass(frozen=True)
class Floyd:
    """Routing "Floyd": chains of the fewest links, improved over each member in the order of the file.

    Attributes:
        members: Hosts and routers, or zones, in the order of the file.
        declared: Declared routes.
        loopback: From a host to itself where nothing else is declared; None between zones.
    """

    members: Sequence[str]
    declared: Mapping[Ends, Leg]
    loopback: Leg | None

    @cached_property
    def _legs(self) -> dict[Ends, Leg]:
        return _with_loopback(self.members, self.declared, self.loopback)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.members)}

    @cached_property
    def _last_steps(self) -> NDArray[np.int64]:
        """Member before the last on the chain between each two, -1 for none, shape (members, members)."""
        size = len(self.members)
        costs = np.full((size, size), FAR)
        last = np.full((size, size), -1)
        for (source, target), leg in self._legs.items():
            row, column = self._index[source], self._index[target]
            costs[row, column], last[row, column] = len(leg.links), row
        for middle in range(size):
            detours = costs[:, middle, None] + costs[middle]
            better = detours < np.minimum(costs, FAR)
            costs[better] = detours[better]
            last[better] = np.broadcast_to(last[middle], last.shape)[better]
        return last

    def way(self, source: str, target: str) -> Sequence[Leg] | None:
        """The chain, found from its end."""
        first, here = self._index[source], self._index[target]
        chain: list[Leg] = []
        while True:
            before = int(self._last_steps[first, here])
            if before < 0:
                return None
            chain.insert(0, self._legs[self.members[before], self.members[here]])
            here = before
            if here == first:
                return chain


@dataclass(frozen=True)
class Dijkstra:
    """Routing "Dijkstra" and "DijkstraCache": chains of the fewest links from each source.

    Attributes:
        declared: Declared routes; ties go to points that are named first in them.
        loopback: From a host to itself where nothing else is declared; None between zones.
    """

    declared: Mapping[Ends, Leg]
    loopback: Leg | None
    _chains: dict[str, dict[str, str]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _order(self) -> dict[str, int]:
        """Number of each point that a route names."""
        names = dict.fromkeys(name for ends in self.declared for name in ends)
        return {name: index for index, name in enumerate(names)}

    @cached_property
    def _neighbours(self) -> dict[str, list[tuple[str, int]]]:
        """Points that can be reached by one leg, and its number of links."""
        neighbours: dict[str, list[tuple[str, int]]] = {name: [] for name in self._order}
        for (source, target), leg in self.declared.items():
            neighbours[source].append((target, len(leg.links)))
        return neighbours

    def _steps_before(self, source: str) -> dict[str, str]:
        """The point before each one on the chain from a source."""
        before: dict[str, str] = {}
        costs = {source: 0}
        queue = [(0, self._order[source], source)]
        while queue:
            cost, _, here = heapq.heappop(queue)
            for target, num_links in self._neighbours[here]:
                if cost + num_links < costs.get(target, FAR):
                    costs[target] = cost + num_links
                    before[target] = here
                    heapq.heappush(queue, (costs[target], self._order[target], target))
        return before

    def way(self, source: str, target: str) -> Sequence[Leg] | None:
        """The chain, found from its end."""
        if source == target:
            own = self.declared.get((source, source), self.loopback)
            return None if own is None else (own,)
        if source not in self._order:
            return None
        if source not in self._chains:
            self._chains[source] = self._steps_before(source)
        before = self._chains[source]
        chain: list[Leg] = []
        while target != source:
            if target not in before:
                return None
            chain.insert(0, self.declared[before[target], target])
            target = before[target]
        return chain
