"""What the scheduler's events ask for: checked, and made commands."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hdeeprm.errors import BatsimError
from hdeeprm.simulator.batsim.clock import tables
from hdeeprm.simulator.batsim.machine import Command
from hdeeprm.simulator.batsim.profiles import is_divisible, leaves, return_code
from hdeeprm.workloads.batsim_fields import Problems

from .events import Event, number_of, shown
from .profile_reading import read_profiles
from .workloads import SEPARATOR, Job, read_job

if TYPE_CHECKING:
    from .simulation import Simulation


def _execute(event: Event, simulation: Simulation) -> Command:
    for key in event.data.keys() - {"job_id", "alloc", "mapping"}:
        raise event.error(f"data.{key} is not simulated here; take the real Batsim for it")
    number = event.job(simulation, event.data.get("job_id"))
    job = simulation.jobs[number]
    machines = event.machines("alloc", simulation)
    hosts = _mapped(event, job, machines)
    if len(hosts) != job.num_hosts and not is_divisible(job.profile):
        raise event.error(
            f"job {job.name} asks for {job.num_hosts} machines and gets {len(hosts)}; "
            "give it as many, or a mapping of so many executors"
        )
    if simulation.may_be_started(number):  # else what is wrong is said where it is carried out
        simulation.allocations[number] = machines
        simulation.batsim.assign(number, hosts, list(leaves(job.profile)), return_code(job.profile))
    return Command(tables.EXECUTE, event.time, number)


def _mapped(event: Event, job: Job, machines: Sequence[int]) -> list[int]:
    """The machine of each executor of a job: one each, or as a mapping says."""
    mapping = event.data.get("mapping")
    if mapping is None:
        return list(machines)
    try:
        places = {int(executor): _whole(place) for executor, place in mapping.items()}
        hosts = [machines[places[executor]] for executor in range(len(mapping))]
    except (AttributeError, ValueError, TypeError, LookupError, OverflowError) as error:
        raise event.error(
            f"data.mapping: {shown(mapping)} does not map executors 0 to {job.num_hosts - 1} to places among "
            f"the {len(machines)} machines of data.alloc"
        ) from error
    if set(hosts) != set(machines) or min(places.values()) < 0:
        raise event.error(f"data.mapping: {shown(mapping)} does not use each machine of data.alloc")
    return hosts


def _whole(place: object) -> int:
    """A whole number, or a text of one.

    Raises:
        ValueError: If it is something else.
    """
    if isinstance(place, float) and not place.is_integer():
        raise ValueError(place)
    return int(place)  # type: ignore[call-overload, no-any-return]


def _reject(event: Event, simulation: Simulation) -> Command:
    return Command(tables.REJECT, event.time, event.job(simulation, event.data.get("job_id")))


def _kill(event: Event, simulation: Simulation) -> Command:
    names = event.data.get("job_ids")
    if not isinstance(names, list) or not names:
        raise event.error(f"data.job_ids: {shown(names)} is no list of jobs")
    jobs = dict.fromkeys(event.job(simulation, name) for name in names)  # each once
    return Command(tables.KILL, event.time, members=list(jobs))


def _call_me_later(event: Event, simulation: Simulation) -> Command:
    value = event.data.get("timestamp")
    time = number_of(value)
    if math.isnan(time):
        raise event.error(f"data.timestamp: {shown(value)} is no time in s")
    return Command(tables.CALL_LATER, event.time, value=time)


def _set_resource_state(event: Event, simulation: Simulation) -> Command:
    if not simulation.batsim.settings.energy:
        raise event.error("P-states change only where energy is simulated; start with -E")
    machines = event.machines("resources", simulation)
    state = event.data.get("state")
    states = [str(pstate) for pstate in range(simulation.batsim.hosts.num_pstates[machines].min())]
    if str(state) not in states:
        raise event.error(
            f"data.state: {shown(state)} is no P-state of all these machines; they have 0 to {states[-1]}"
        )
    return Command(tables.SET_PSTATE, event.time, int(str(state)), machines)


def _query(event: Event, simulation: Simulation) -> Command:
    requests = event.data.get("requests")
    if not isinstance(requests, dict) or not requests:
        raise event.error(f"data.requests: {shown(requests)} is no object of requests")
    for name in requests.keys() - {"consumed_energy"}:
        raise event.error(f"data.requests: {shown(name)} is not known; ask for consumed_energy")
    if not simulation.batsim.settings.energy:
        raise event.error("consumed_energy is known only where energy is simulated; start with -E")
    return Command(tables.TELL_ENERGY, event.time)


def _notify(event: Event, simulation: Simulation) -> Command:
    kind = event.text("type")
    if kind not in _NOTICES:
        raise event.error(f"data.type: {shown(kind)} is not known; known are {', '.join(_NOTICES)}")
    _check_registration(event, simulation)
    return Command(_NOTICES[kind], event.time)


_NOTICES = {
    "registration_finished": tables.END_REGISTRATION,
    "continue_registration": tables.CONTINUE_REGISTRATION,
}


def _check_registration(event: Event, simulation: Simulation) -> None:
    if not simulation.batsim.settings.registration:
        raise event.error("registration by the scheduler is off; start with --enable-dynamic-jobs")


def _register_job(event: Event, simulation: Simulation) -> Command:
    _check_registration(event, simulation)
    name, entry = event.text("job_id"), event.data.get("job")
    if name in simulation.numbers:
        raise event.error(f"there is a job {shown(name)} already")
    workload = simulation.workload_or_new(name.partition(SEPARATOR)[0])
    problems = Problems(event.where)
    job = read_job(entry, "data.job", workload, problems, simulation.batsim.now)
    if job is None:
        raise BatsimError(problems.report())
    if job.name != name:
        raise event.error(f"data.job.id: {job.name!r} is not data.job_id, {name!r}")
    return Command(tables.REGISTER, event.time, simulation.add_job(job))


def _register_profile(event: Event, simulation: Simulation) -> Command:
    _check_registration(event, simulation)
    workload, name = simulation.workload_or_new(event.text("workload_name")), event.text("profile_name")
    if name in workload.profiles:
        raise event.error(f"workload {workload.name!r} has a profile {shown(name)} already")
    problems = Problems(event.where)
    found = read_profiles({name: event.data.get("profile")}, problems, workload.profiles)
    if problems.messages:
        raise BatsimError(problems.report())
    workload.profiles |= found
    workload.profile_descriptions[name] = event.data["profile"]
    simulation.workloads[workload.name] = workload
    return Command(tables.NOTHING, event.time)


def _set_job_metadata(event: Event, simulation: Simulation) -> Command:
    job = simulation.jobs[event.job(simulation, event.data.get("job_id"))]
    job.metadata = event.text("metadata")
    return Command(tables.NOTHING, event.time)


_Maker = Callable[[Event, "Simulation"], Command]
MAKERS: dict[str, _Maker] = {
    "EXECUTE_JOB": _execute,
    "REJECT_JOB": _reject,
    "KILL_JOB": _kill,
    "CALL_ME_LATER": _call_me_later,
    "SET_RESOURCE_STATE": _set_resource_state,
    "QUERY": _query,
    "NOTIFY": _notify,
    "REGISTER_JOB": _register_job,
    "REGISTER_PROFILE": _register_profile,
    "SET_JOB_METADATA": _set_job_metadata,
}
