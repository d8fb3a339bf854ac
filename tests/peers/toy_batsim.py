"""Plays a Batsim over real ZeroMQ, in which jobs run at P0; or misbehaves as its first word says.

serve                 behave
WORD:N                do so instead of sending message N (0 is SIMULATION_BEGINS): die, hang, garbage, binary,
                      no_object, unknown_job, unknown_event, kill (itself)
version:TEXT          answer --version so
reversed, fewer       other machines than in the platform file
failing, no_files, half_files, other_files    what happens after the end
"""

import argparse
import csv
import json
import os
import signal
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import zmq

PARSER = argparse.ArgumentParser()
PARSER.add_argument("-p", type=Path)
PARSER.add_argument("-w", type=Path)
PARSER.add_argument("-s")
PARSER.add_argument("-e")
for flag in ("-E", "-q", "--disable-schedule-tracing", "--disable-machine-state-tracing"):
    PARSER.add_argument(flag, action="store_true")
CONFIG = {
    "redis-enabled": False,
    "redis-hostname": "127.0.0.1",
    "redis-port": 6379,
    "redis-prefix": "default",
    "profiles-forwarded-on-submission": False,
    "dynamic-jobs-enabled": False,
    "dynamic-jobs-acknowledged": False,
    "profile-reuse-enabled": False,
    "sched-config": "",
    "forward-unknown-events": False,
}
COLUMNS = ("job_id", "final_state", "starting_time", "finish_time", "consumed_energy")
UNITS = {"Mf": 1e6, "Gf": 1e9, "f": 1.0}


def read_speeds(path):
    """P0 speed in flop/s by host name, in Batsim's order."""
    hosts = {host.get("id"): host.get("speed").split(",")[0] for host in ElementTree.parse(path).iter("host")}
    del hosts["master_host"]
    unit = {name: next(u for u in UNITS if speed.endswith(u)) for name, speed in hosts.items()}
    return {name: float(hosts[name].removesuffix(unit[name])) * UNITS[unit[name]] for name in sorted(hosts)}


def parse_cores(text):
    ends = (interval.split("-") for interval in text.split())
    return [core for bounds in ends for core in range(int(bounds[0]), int(bounds[-1]) + 1)]


def first_data(names, profiles):
    """What SIMULATION_BEGINS tells, of machines by their names."""
    return {
        "nb_resources": len(names),
        "nb_compute_resources": len(names),
        "nb_storage_resources": 0,
        "allow_compute_sharing": False,
        "allow_storage_sharing": True,
        "config": CONFIG,
        "compute_resources": [{"id": core, "name": name} for core, name in enumerate(names)],
        "storage_resources": [],
        "workloads": {"w0": "workload.json"},
        "profiles": {"w0": profiles},
    }


class Toy:
    def __init__(self, chosen, mode):
        self.mode, _, when = mode.partition(":")
        self.when = int(when or -1)
        self.prefix = chosen.e
        speeds = read_speeds(chosen.p)
        self.names, self.speeds = list(speeds), list(speeds.values())
        workload = json.loads(chosen.w.read_text())
        self.profiles = workload["profiles"]
        jobs = sorted(workload["jobs"], key=lambda job: (job["subtime"], job["id"]))
        self.jobs = {f"w0!{job['id']}": job | {"id": f"w0!{job['id']}"} for job in jobs}
        self.arrivals = list(self.jobs.values())
        self.running, self.rows, self.num_sent, self.now = {}, [], 0, 0.0
        self.socket = zmq.Context().socket(zmq.REQ)
        self.socket.connect(chosen.s)

    def exchange(self, *events):
        """Send a message, and take in the reply."""
        if self.num_sent == self.when:
            self.misbehave()
        self.num_sent += 1
        told = [{"timestamp": self.now, "type": kind, "data": data} for kind, data in events]
        self.socket.send_string(json.dumps({"now": self.now, "events": told}))
        reply = self.socket.recv_json()
        changes = []
        for event in reply["events"]:
            data = event["data"]
            if event["type"] == "EXECUTE_JOB":
                self.start(data["job_id"], parse_cores(data["alloc"]))
            elif event["type"] == "REJECT_JOB":
                self.rows.append((data["job_id"].split("!")[1], "REJECTED", "", "", ""))
            else:
                changes.append(("RESOURCE_STATE_CHANGED", data))
        if changes:
            self.exchange(*changes)

    def start(self, name, cores):
        assert len(cores) == self.jobs[name]["res"]
        work = self.profiles[self.jobs[name]["profile"]]["cpu"]
        duration = work / min(self.speeds[core] for core in cores)
        walltime = self.jobs[name].get("walltime", float("inf"))
        state = "COMPLETED_SUCCESSFULLY" if duration <= walltime else "COMPLETED_WALLTIME_REACHED"
        self.running[name] = (self.now + min(duration, walltime), self.now, state)

    def misbehave(self):
        print("first line\nlast words of the toy", flush=True)
        if self.mode == "die":
            sys.exit(3)
        if self.mode == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.mode == "hang":
            time.sleep(600)
        event = {"timestamp": 0.0, "type": "JOB_COMPLETED", "data": {"job_id": "w0!nobody"}}
        self.socket.send(
            {
                "garbage": b"no JSON at all",
                "binary": b"\xff\xfe\x00",
                "no_object": b"[1, 2]",
                "unknown_job": json.dumps({"now": 0.0, "events": [event]}).encode(),
                "unknown_event": b'{"now": 0.0, "events": [{"timestamp": 0.0, "type": "BREW", "data": {}}]}',
                "no_time": b'{"now": "soon", "events": []}',
            }[self.mode]
        )
        self.socket.recv()

    def begin(self):
        names = {"reversed": self.names[::-1], "fewer": self.names[1:]}.get(self.mode, self.names)
        self.exchange(("SIMULATION_BEGINS", first_data(names, self.profiles)))

    def run(self):
        self.begin()
        while self.arrivals or self.running:
            ends = [end for end, _, _ in self.running.values()]
            self.now = min(ends + [job["subtime"] for job in self.arrivals[:1]])
            events = []
            while self.arrivals and self.arrivals[0]["subtime"] <= self.now:
                job = self.arrivals.pop(0)
                events.append(("JOB_SUBMITTED", {"job_id": job["id"], "job": job}))
            for name in [name for name, (end, _, _) in self.running.items() if end <= self.now]:
                _, start, state = self.running.pop(name)
                self.rows.append((name.split("!")[1], state, f"{start:.6f}", f"{self.now:.6f}", "12.5"))
                events.append(("JOB_COMPLETED", {"job_id": name, "job_state": state, "return_code": 0}))
            if not self.arrivals:
                events.append(("NOTIFY", {"type": "no_more_static_job_to_submit"}))
            self.exchange(*events)
        self.exchange(("SIMULATION_ENDS", {}))

    def finish(self):
        """Write the files, or not."""
        if self.mode == "no_files":
            return 0
        rows = {"half_files": self.rows[1:], "other_files": [("x", *self.rows[0][1:])]}.get(
            self.mode, self.rows
        )
        with open(f"{self.prefix}_jobs.csv", "w") as file:
            csv.writer(file).writerows([COLUMNS, *rows])
        Path(f"{self.prefix}_schedule.csv").write_text("consumed_joules,makespan\n1234.5,1\n")
        return 4 if self.mode == "failing" else 0


if __name__ == "__main__":
    mode, *arguments = sys.argv[1:]
    if "--version" in arguments:
        print(mode.removeprefix("version:") if mode.startswith("version:") else "v4.1.0")
        sys.exit()
    toy = Toy(PARSER.parse_args(arguments), mode)
    toy.run()
    sys.exit(toy.finish())
