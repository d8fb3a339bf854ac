"""The scheduler's replies: checked, and made commands of the machine."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import BatsimError, did_you_mean
from hdeeprm.simulator.batsim.clock import tables
from hdeeprm.simulator.batsim.machine import Command
from hdeeprm.simulator.batsim.profiles import leaves
from hdeeprm.workloads.batsim_profiles import Problems

from .ids import parse_ids
from .profile_reading import read_profiles
from .workloads import SEPARATOR, Job, read_job

if TYPE_CHECKING:
    from .simulation import Simulation

UNSUPPORTED = ("CHANGE_JOB_STATE", "TO_JOB_MSG", "ANSWER", "RESOURCES_ADDED", "RESOURCES_REMOVED")
"""Events that PyBatsim or Batsim know besides."""
SHOWN = 200
"""Characters of a wrong message that are shown."""


def parse_reply(data: bytes, simulation: Simulation) -> tuple[list[Command], float]:
    """The commands of a reply, one for each of its events, and the time at which it was ready in s.

    Raises:
        BatsimError: If it is no such reply, or asks for what can't be; the message names the event.
    """
    reply = _object(data)
    now = _time(reply.get("now"), "now")
    events = reply.get("events")
    if not isinstance(events, list):
        raise _wrong(data, "has no list 'events'")
    return [_command(event, place, now, simulation) for place, event in enumerate(events)], now


def event_name(place: int, kind: str) -> str:
    """What messages call an event of a reply."""
    return f"the scheduler's reply: events[{place}] ({kind})"


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        reply = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _wrong(data, f"is no JSON ({error})") from error
    if not isinstance(reply, dict):
        raise _wrong(data, "is not a JSON object")
    return reply


def _wrong(data: bytes, what: str) -> BatsimError:
    text = data[:SHOWN].decode("utf-8", "backslashreplace") + ("..." if len(data) > SHOWN else "")
    return BatsimError(f"the scheduler's reply {what}: {text!r}; it is to be {{'now': s, 'events': [...]}}")


def _time(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < math.inf:
        raise BatsimError(f"the scheduler's reply: {where}: {value!r} is no time in s of at least 0")
    return float(value)


def _command(content: Any, place: int, now: float, simulation: Simulation) -> Command:
    if not isinstance(content, dict) or not isinstance(content.get("type"), str):
        raise BatsimError(
            f"the scheduler's reply: events[{place}] is no event with a type: {str(content)[:SHOWN]}"
        )
    event = _Event(place, content)
    make = _MAKERS.get(event.kind)
    if make is None:
        raise event.error(_not_supported(event.kind))
    if event.time > now:
        raise event.error(f"its timestamp {event.time:g} s is after the reply's now, {now:g} s")
    return make(event, simulation)


def _not_supported(kind: str) -> str:
    if kind in UNSUPPORTED:
        return "this event is not simulated here; take the real Batsim for it"
    return f"is no event of Batsim's protocol.{did_you_mean(kind, _MAKERS)} Known are {', '.join(_MAKERS)}"


class _Event:
    """An event and where it stands."""

    def __init__(self, place: int, content: Mapping[str, Any]) -> None:
        self.place = place
        self.kind: str = content["type"]
        self.time = _time(content.get("timestamp"), f"events[{place}].timestamp")
        self.data: Mapping[str, Any] = content.get("data", {})
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
            raise self.error(f"data.{key}: {value!r} is no text")
        return value

    def job(self, simulation: Simulation, name: Any) -> int:
        """Number of a job."""
        number = simulation.numbers.get(name) if isinstance(name, str) else None
        if number is None:
            near = did_you_mean(str(name), simulation.numbers)
            raise self.error(f"there is no job {name!r}.{near}")
        return number

    def error(self, message: str) -> BatsimError:
        """What is wrong with it."""
        return BatsimError(f"{self.where}: {message}")


def _execute(event: _Event, simulation: Simulation) -> Iterator[Command]:
    for key in event.data.keys() - {"job_id", "alloc", "mapping"}:
        raise event.error(f"data.{key} is not simulated here; take the real Batsim for it")
    number = event.job(simulation, event.data.get("job_id"))
    job = simulation.jobs[number]
    machines = parse_ids(
        event.text("alloc"), f"{event.where}: data.alloc", simulation.machine.hosts.num_hosts
    )
    hosts = _mapped(event, job, machines)
    if len(hosts) != job.num_hosts and not simulation.is_divisible(job):
        raise event.error(
            f"job {job.name} asks for {job.num_hosts} machines and gets {len(hosts)}; "
            "give it as many, or a mapping of so many executors"
        )
    if simulation.is_waiting(number):  # else the machine says what is wrong
        simulation.allocations[number] = machines
        simulation.machine.assign(number, hosts, list(leaves(job.profile)), simulation.root_return_code(job))
    yield Command(tables.EXECUTE, event.time, number)


def _mapped(event: _Event, job: Job, machines: Sequence[int]) -> list[int]:
    """The machine of each executor of a job: one each, or as a mapping says."""
    mapping = event.data.get("mapping")
    if mapping is None:
        return list(machines)
    try:
        places = {int(executor): int(place) for executor, place in mapping.items()}
        hosts = [machines[places[executor]] for executor in range(len(places))]
    except (AttributeError, ValueError, TypeError, KeyError, IndexError) as error:
        raise event.error(
            f"data.mapping: {mapping!r} does not map executors 0 to {job.num_hosts - 1} to places among the "
            f"{len(machines)} machines of data.alloc"
        ) from error
    if min(places.values()) < 0 or set(hosts) != set(machines):
        raise event.error(f"data.mapping: {mapping!r} does not use each machine of data.alloc")
    return hosts


def _reject(event: _Event, simulation: Simulation) -> Iterator[Command]:
    yield Command(tables.REJECT, event.time, event.job(simulation, event.data.get("job_id")))


def _kill(event: _Event, simulation: Simulation) -> Iterator[Command]:
    names = event.data.get("job_ids")
    if not isinstance(names, list) or not names:
        raise event.error(f"data.job_ids: {names!r} is no list of jobs")
    jobs = dict.fromkeys(event.job(simulation, name) for name in names)  # each once
    yield Command(tables.KILL, event.time, members=list(jobs))


def _call_me_later(event: _Event, simulation: Simulation) -> Iterator[Command]:
    value = event.data.get("timestamp")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise event.error(f"data.timestamp: {value!r} is no time in s")
    yield Command(tables.CALL_LATER, event.time, value=float(value))


def _set_resource_state(event: _Event, simulation: Simulation) -> Iterator[Command]:
    if not simulation.machine.settings.energy:
        raise event.error("P-states change only where energy is simulated; start with -E")
    hosts = simulation.machine.hosts
    machines = parse_ids(event.text("resources"), f"{event.where}: data.resources", hosts.num_hosts)
    state = event.data.get("state")
    least = int(hosts.num_pstates[machines].min())
    if not str(state).isdecimal() or int(str(state)) >= least:
        raise event.error(
            f"data.state: {state!r} is no P-state of all these machines; they have 0 to {least - 1}"
        )
    yield Command(tables.SET_PSTATE, event.time, int(str(state)), machines)


def _query(event: _Event, simulation: Simulation) -> Iterator[Command]:
    requests = event.data.get("requests")
    if not isinstance(requests, dict) or not requests:
        raise event.error(f"data.requests: {requests!r} is no object of requests")
    for name in requests:
        if name != "consumed_energy":
            raise event.error(f"data.requests.{name} is not known; ask for consumed_energy")
        if not simulation.machine.settings.energy:
            raise event.error("consumed_energy is known only where energy is simulated; start with -E")
        yield Command(tables.TELL_ENERGY, event.time)


def _notify(event: _Event, simulation: Simulation) -> Iterator[Command]:
    kind = event.data.get("type")
    if kind not in _NOTICES:
        raise event.error(f"data.type: {kind!r} is not known; known are {', '.join(_NOTICES)}")
    _check_registration(event, simulation)
    yield Command(_NOTICES[kind], event.time)


_NOTICES = {
    "registration_finished": tables.END_REGISTRATION,
    "continue_registration": tables.CONTINUE_REGISTRATION,
}


def _check_registration(event: _Event, simulation: Simulation) -> None:
    if not simulation.machine.settings.registration:
        raise event.error("registration by the scheduler is off; start with --enable-dynamic-jobs")


def _register_job(event: _Event, simulation: Simulation) -> Iterator[Command]:
    _check_registration(event, simulation)
    name, entry = event.text("job_id"), event.data.get("job")
    if name in simulation.numbers:
        raise event.error(f"there is a job {name!r} already")
    workload = simulation.workload(name.partition(SEPARATOR)[0])
    problems = Problems(event.where)
    job = read_job(entry, "data.job", workload, problems, simulation.machine.now)
    if job is None:
        raise BatsimError(problems.report())
    if job.name != name:
        raise event.error(f"data.job.id: {job.name!r} is not data.job_id, {name!r}")
    yield Command(tables.REGISTER, event.time, simulation.add_job(job))


def _register_profile(event: _Event, simulation: Simulation) -> Iterator[Command]:
    _check_registration(event, simulation)
    workload, name = simulation.workload(event.text("workload_name")), event.text("profile_name")
    if name in workload.profiles:
        raise event.error(f"workload {workload.name!r} has a profile {name!r} already")
    problems = Problems(event.where)
    found = read_profiles({name: event.data.get("profile")}, problems, workload.profiles)
    if problems.messages:
        raise BatsimError(problems.report())
    workload.profiles |= found
    workload.profile_descriptions[name] = event.data["profile"]
    yield Command(tables.NOTHING, event.time)


def _set_job_metadata(event: _Event, simulation: Simulation) -> Iterator[Command]:
    job = simulation.jobs[event.job(simulation, event.data.get("job_id"))]
    job.metadata = event.text("metadata")
    yield Command(tables.NOTHING, event.time)


_Maker = Callable[[_Event, "Simulation"], Iterator[Command]]
_MAKERS: dict[str, _Maker] = {
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
