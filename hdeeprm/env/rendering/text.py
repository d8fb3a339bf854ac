"""The state of an episode as text: queue, running jobs, nodes in use."""

from __future__ import annotations

import numpy as np

from hdeeprm.simulator import EmbeddedSimulator, JobStatus

MAX_LINES = 10
"""Lines of each part before the rest is summed up."""
BAR_WIDTH = 20


def render_text(simulator: EmbeddedSimulator) -> str:
    """Several lines of plain text, ending without a line break."""
    status = simulator.job_records()["status"]
    parts = [
        [_headline(simulator)],
        _section("Waiting", _waiting_lines(simulator, np.flatnonzero(status == JobStatus.WAITING))),
        _section("Running", _running_lines(simulator, np.flatnonzero(status == JobStatus.RUNNING))),
        _section("Nodes in use", _node_lines(simulator)),
    ]
    return "\n".join(line for part in parts for line in part)


def _cores(number: int) -> str:
    return f"{number} core" if number == 1 else f"{number} cores"


def _headline(simulator: EmbeddedSimulator) -> str:
    num_cores = simulator.platform.num_cores
    return (
        f"t = {simulator.now:,.2f} s   {simulator.num_waiting} waiting, {simulator.num_running} running, "
        f"{simulator.num_ended} ended   {num_cores - simulator.num_free_cores}/{num_cores} cores busy, "
        f"{simulator.watts:,.1f} W"
    )


def _section(title: str, lines: list[str]) -> list[str]:
    shown = lines[:MAX_LINES]
    if len(lines) > MAX_LINES:
        shown.append(f"  ... and {len(lines) - MAX_LINES} more")
    return [f"{title}:", *(shown or ["  none"])]


def _waiting_lines(simulator: EmbeddedSimulator, jobs: np.ndarray) -> list[str]:
    workload, first = simulator.workload, simulator.first_job
    submit_times = simulator.submit_times()
    return [
        f"  job {workload.job_ids[first + job]}: {_cores(workload.requested_cores[first + job])} for "
        f"{workload.requested_time[first + job]:,.0f} s, "
        f"{workload.memory_kb[first + job] / 1000:,.0f} MB per core, "
        f"waiting for {simulator.now - submit_times[job]:,.2f} s"
        for job in jobs
    ]


def _running_lines(simulator: EmbeddedSimulator, jobs: np.ndarray) -> list[str]:
    workload, first, records = simulator.workload, simulator.first_job, simulator.job_records()
    return [
        f"  job {workload.job_ids[first + job]}: {_cores(workload.requested_cores[first + job])}, "
        f"running for {simulator.now - records['start_time'][job]:,.2f} of "
        f"{workload.requested_time[first + job]:,.0f} s requested"
        for job in jobs
    ]


def _node_lines(simulator: EmbeddedSimulator) -> list[str]:
    nodes = simulator.node_records()
    lines = []
    for index in np.flatnonzero(nodes["free_cores"] < nodes["num_cores"]):
        node = nodes[index]
        busy, used_kb = node.num_cores - node.free_cores, node.memory_kb - node.free_memory
        filled = round(BAR_WIDTH * busy / node.num_cores)
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        lines.append(
            f"  node {index} [{bar}] {busy}/{node.num_cores} cores, "
            f"{used_kb / 1e6:,.1f}/{node.memory_kb / 1e6:,.1f} GB"
        )
    return lines
