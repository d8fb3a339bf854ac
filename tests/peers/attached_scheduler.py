"""A scheduler file for ``pybatsim``: decides by first-high_gflops, prints when jobs start and end."""

import json

from hdeeprm.platforms import load_platform
from hdeeprm.simulator.batsim.attached_peer import AttachedPeer
from hdeeprm.simulator.batsim.dialogue import Listener
from hdeeprm.simulator.told import ToldSimulator
from hdeeprm.workloads import load_workload

FIRST_HIGH_GFLOPS = (1, 1)


class Attached_scheduler(Listener):  # PyBatsim makes the name of that of the file
    def onAfterBatsimInit(self):
        platform, workload = load_platform("learning"), load_workload(self.options["workload"])
        peer = AttachedPeer(self.bs, self, workload, platform.num_cores)
        simulator = ToldSimulator(peer, platform, workload)
        simulator.reset()
        while not simulator.over:
            simulator.run(FIRST_HIGH_GFLOPS, 10)
        records = simulator.job_records()
        print("TIMES", json.dumps([records["start_time"].tolist(), records["end_time"].tolist()]))
