"""Power and energy of hosts, booked when something about them changes."""

from __future__ import annotations

from hdeeprm.simulator.kernel.compiling import compiled
from hdeeprm.simulator.kernel.sums import add

from .tables import Clockwork


@compiled
def host_watts(work: Clockwork, host: int) -> float:
    """What a host draws: idle power without load, else from lowest to full with the load."""
    row = work.hosts[host]
    state = work.states[row.first_state + row.charged_pstate]
    if row.load <= 0.0:
        return float(state.idle_watts)
    return float(state.lowest_watts + (state.full_watts - state.lowest_watts) * min(1.0, row.load))


@compiled
def book_all(work: Clockwork) -> None:
    """Bring the energy of the whole platform up to now."""
    clock = work.clock[0]
    elapsed = clock.now - clock.joules_time
    if elapsed > 0.0:
        spent = (clock.watts + clock.watts_error) * elapsed
        clock.joules, clock.joules_error = add(clock.joules, clock.joules_error, spent)
        clock.joules_time = clock.now


@compiled
def book(work: Clockwork, host: int) -> None:
    """Bring a host's energy up to now."""
    row = work.hosts[host]
    elapsed = work.clock[0].now - row.updated
    if elapsed > 0.0:
        row.joules += host_watts(work, host) * elapsed
        row.updated = work.clock[0].now


@compiled
def change_power(work: Clockwork, host: int, load: float, charged_pstate: int) -> None:
    """Set what a host's power depends on, from now on."""
    clock, row = work.clock[0], work.hosts[host]
    book(work, host)
    book_all(work)
    before = host_watts(work, host)
    row.load, row.charged_pstate = load, charged_pstate
    change = host_watts(work, host) - before
    clock.watts, clock.watts_error = add(clock.watts, clock.watts_error, change)


@compiled
def _ends_charge(work: Clockwork) -> bool:
    """Whether a look now is the first one after time 0, so that it ends the charge at P-state 0."""
    clock = work.clock[0]
    return clock.charge_p0 == 1 and clock.looked_at == 0 and clock.now > 0.0


@compiled
def look_at_all(work: Clockwork) -> float:
    """Book the energy of the platform up to now; all of it, or 0 where none is simulated.

    The first look after time 0 ends the charge at P-state 0.
    """
    clock = work.clock[0]
    if not clock.energy:
        return 0.0
    book_all(work)
    if _ends_charge(work):
        for host in range(clock.num_hosts):
            change_power(work, host, work.hosts[host].load, work.hosts[host].pstate)
        clock.looked_at = 1
    return float(clock.joules + clock.joules_error)


@compiled
def look_at(work: Clockwork, host: int) -> float:
    """Book a host's energy up to now; all of it. A look may end its charge at P-state 0."""
    book(work, host)
    row = work.hosts[host]
    if _ends_charge(work):
        change_power(work, host, row.load, row.pstate)
    return float(row.joules)


@compiled
def trace(work: Clockwork, kind: int, subject: int, joules: float) -> None:
    """Note something, and the energy of the platform then, for the files that a run writes."""
    clock = work.clock[0]
    if clock.tracing:
        row = work.traces[clock.num_traces]
        row.kind, row.subject, row.time = kind, subject, clock.now
        row.joules, row.watts, row.num_computing = joules, clock.lowest_watts, clock.num_computing
        clock.num_traces += 1


@compiled
def set_pstate(work: Clockwork, host: int, pstate: int) -> None:
    """Put a host into a P-state."""
    clock, row = work.clock[0], work.hosts[host]
    before, after = work.states[row.first_state + row.pstate], work.states[row.first_state + pstate]
    clock.lowest_watts += after.lowest_watts - before.lowest_watts
    row.pstate = pstate
    work.resources[host].bound = after.flops
    change_power(work, host, row.load, pstate)
