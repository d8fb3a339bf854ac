"""A Batsim that tells what a recorded one told, and insists on being answered as that one was."""

from __future__ import annotations

import csv
import json
from typing import Any

import numpy as np

from golden import GoldenRun, parse_cores, read_text
from hdeeprm.simulator.batsim.peer import EpisodeJobs, JobResults, News, Orders

Reply = list[tuple[Any, ...]]


class RecordedPeer:
    """Plays the messages of a recorded run.

    Args:
        run: The run.
    """

    name = "recorded"

    def __init__(self, run: GoldenRun) -> None:
        self.run = run
        self.num_exchanges = 0
        lines = read_text(run.folder / "messages.jsonl.gz").splitlines()
        messages = [(line[0], json.loads(line[1:])) for line in lines]
        self._told = [message for sender, message in messages if sender == "<"]
        self._replies = [message for sender, message in messages if sender == ">"]

        self.num_messages = len(self._told)
        (schedule,) = csv.DictReader(read_text(run.folder / "out_schedule.csv").splitlines())
        self.consumed_joules = float(schedule["consumed_joules"])
        switches = schedule["nb_grouped_switches"], schedule["nb_machine_switches"]
        self.num_pstate_changes = int(switches[0]), int(switches[1])

    def begin(self, jobs: EpisodeJobs) -> None:
        """Start from the first message."""
        assert jobs.num_jobs == self.run.workload.num_jobs
        self.num_exchanges = 0

    def exchange(self, orders: Orders) -> News:
        """Compare the orders with the recorded reply, and tell what was told next."""
        reply = self._replies[self.num_exchanges]
        given = (
            *(("REJECT_JOB", job) for job in orders.rejections),
            *(("EXECUTE_JOB", job, cores.tolist()) for job, cores in orders.starts),
            *(("SET_RESOURCE_STATE", pstate, cores.tolist()) for pstate, cores in orders.pstates),
        )
        assert list(given) == self._reply(reply), f"in reply {self.num_exchanges} at {reply['now']} s"
        news = self._news(self._told[self.num_exchanges])
        self.num_exchanges += 1
        return news

    def results(self) -> JobResults:
        """What the recorded Batsim wrote."""
        outcomes = self.run.outcomes
        return JobResults(
            np.array([outcome.start for outcome in outcomes]),
            np.array([outcome.finish for outcome in outcomes]),
            np.array([outcome.energy_joules for outcome in outcomes]),
            self.consumed_joules,
        )

    def close(self) -> None:
        """There is nothing to give up."""

    def _job(self, name: str) -> int:
        return self.run.job_index[name.split("!")[1]]

    def _reply(self, message: dict[str, Any]) -> Reply:
        """A recorded reply as orders."""
        orders: Reply = []
        for event in message["events"]:
            kind, data = event["type"], event["data"]
            if kind == "SET_RESOURCE_STATE":
                orders.append((kind, int(data["state"]), parse_cores(data["resources"])))
            elif kind == "EXECUTE_JOB":
                orders.append((kind, self._job(data["job_id"]), parse_cores(data["alloc"])))
            else:
                orders.append((kind, self._job(data["job_id"])))
        return orders

    def _news(self, message: dict[str, Any]) -> News:
        """A recorded message as news."""
        news = News(message["now"])
        for event in message["events"]:
            kind, data = event["type"], event["data"]
            if kind == "JOB_SUBMITTED":
                news.submitted.append(self._job(data["job_id"]))
            elif kind == "JOB_COMPLETED":
                in_time = data["job_state"] == "COMPLETED_SUCCESSFULLY"
                news.completed.append((self._job(data["job_id"]), in_time))
            elif kind == "SIMULATION_ENDS":
                news.over = True
            else:
                assert kind in ("RESOURCE_STATE_CHANGED", "NOTIFY")
        return news
