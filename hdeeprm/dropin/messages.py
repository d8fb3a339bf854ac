"""What the scheduler is told, as Batsim's JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from hdeeprm.metrics import REJECTED, SUCCESS, WALLTIME_REACHED
from hdeeprm.simulator.batsim.clock import tables
from hdeeprm.simulator.batsim.profiles import Composed, Profile, num_stages

from .ids import ids_text
from .texts import encode

if TYPE_CHECKING:
    from .simulation import Simulation

STATES = {
    tables.COMPLETED: SUCCESS,
    tables.FAILED: "COMPLETED_FAILED",
    tables.WALLTIME_REACHED: WALLTIME_REACHED,
    tables.KILLED: "COMPLETED_KILLED",
    tables.REJECTED: REJECTED,
}
"""Batsim's words for how jobs end."""


def message(simulation: Simulation) -> str:
    """The message that waits for the scheduler's reply: ``{"now": s, "events": [...]}``."""
    events = ",".join([_event(simulation, Told(*row)) for row in simulation.batsim.told.tolist()])
    return f'{{"now":{simulation.batsim.now:.6f},"events":[{events}]}}'


class Told(NamedTuple):
    """A row of what the simulated Batsim tells."""

    kind: int
    subject: int
    time: float
    value: float


def _event(simulation: Simulation, row: Told) -> str:
    name, data = _TOLD[row.kind]
    return f'{{"timestamp":{row.time:.6f},"type":"{name}","data":{data(simulation, row)}}}'


def _begins(simulation: Simulation, row: Told) -> str:
    options, machines = simulation.options, simulation.machines.hosts
    resources = [
        {
            "id": number,
            "name": host.name,
            "state": "idle",
            "properties": {"role": ""} | dict(host.properties),
            "zone_properties": dict(host.zone_properties),
        }
        for number, host in enumerate(machines)
    ]
    return encode(
        {
            "nb_resources": len(machines),
            "nb_compute_resources": len(machines),
            "nb_storage_resources": 0,
            "allow_compute_sharing": options.compute_sharing,
            "allow_storage_sharing": True,
            "config": _config(simulation),
            "compute_resources": resources,
            "storage_resources": [],
            "workloads": {name: workload.path for name, workload in simulation.workloads.items()},
            "profiles": {
                name: workload.profile_descriptions for name, workload in simulation.workloads.items()
            },
        }
    )


def _config(simulation: Simulation) -> dict[str, object]:
    options = simulation.options
    return {
        "redis-enabled": False,
        "redis-hostname": "127.0.0.1",
        "redis-port": 6379,
        "redis-prefix": "default",
        "profiles-forwarded-on-submission": options.forward_profiles,
        "dynamic-jobs-enabled": options.dynamic_jobs,
        "dynamic-jobs-acknowledged": options.acknowledge_jobs,
        "profile-reuse-enabled": options.profile_reuse,
        "sched-config": options.scheduler_config,
        "forward-unknown-events": False,
    }


def _submitted(simulation: Simulation, row: Told) -> str:
    job = simulation.jobs[row.subject]
    profile = ""
    if simulation.options.forward_profiles:
        descriptions = simulation.workloads[job.workload_name].profile_descriptions
        profile = f',"profile":{encode(descriptions[job.profile_name])}'
    return f'{{"job_id":{encode(job.name)},"job":{job.description}{profile}}}'


def _completed(simulation: Simulation, row: Told) -> str:
    number = row.subject
    table = simulation.batsim.work.jobs
    state, code = STATES[table["status"].item(number)], table["return_code"].item(number)
    name, alloc = encode(simulation.jobs[number].name), ids_text(simulation.allocations[number])
    return f'{{"job_id":{name},"job_state":"{state}","return_code":{code},"alloc":"{alloc}"}}'


def _pstate_changed(simulation: Simulation, row: Told) -> str:
    command = simulation.commands[row.subject]
    return encode({"resources": ids_text(command.members), "state": str(command.subject)})


def _killed(simulation: Simulation, row: Told) -> str:
    place = row.subject
    names, progress = [], {}
    for number in simulation.commands[place].members:
        state = simulation.batsim.work.jobs[number]
        if state["kill_requested"] != simulation.batsim.work.commands[place]["value"]:
            continue
        names.append(simulation.jobs[number].name)
        if state["status"] == tables.KILLED:
            profile, name = simulation.jobs[number].profile, simulation.jobs[number].profile_name
            progress[names[-1]] = _progress(profile, name, int(state["stage"]), float(state["progress"]))
    return encode({"job_ids": names, "job_progress": progress})


def _progress(profile: Profile, name: str, stage: int, done: float) -> dict[str, object]:
    """How far a job was: the part of its stage that was done, within the profiles it is composed of."""
    if not isinstance(profile, Composed):
        return {"profile_name": name, "progress": done}
    place = 0
    for place in range(profile.repeat * len(profile.sequence)):
        part = profile.sequence[place % len(profile.sequence)]
        if stage < num_stages(part):
            break
        stage -= num_stages(part)
    place_in_sequence = place % len(profile.sequence)
    inner = _progress(profile.sequence[place_in_sequence], profile.names[place_in_sequence], stage, done)
    return {"profile_name": name, "current_task_index": place, "current_task": inner}


_Data = Callable[["Simulation", Told], str]
_TOLD: dict[int, tuple[str, _Data]] = {
    tables.BEGINS: ("SIMULATION_BEGINS", _begins),
    tables.JOB_SUBMITTED: ("JOB_SUBMITTED", _submitted),
    tables.JOB_COMPLETED: ("JOB_COMPLETED", _completed),
    tables.NO_MORE_JOBS: ("NOTIFY", lambda simulation, row: '{"type":"no_more_static_job_to_submit"}'),
    tables.PSTATE_CHANGED: ("RESOURCE_STATE_CHANGED", _pstate_changed),
    tables.CALLED: ("REQUESTED_CALL", lambda simulation, row: "{}"),
    tables.JOBS_KILLED: ("JOB_KILLED", _killed),
    tables.ENERGY: ("ANSWER", lambda simulation, row: f'{{"consumed_energy":{row.value:.6f}}}'),
    tables.ENDS: ("SIMULATION_ENDS", lambda simulation, row: "{}"),
}
