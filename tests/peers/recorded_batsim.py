"""Plays the messages of a recorded run over real ZeroMQ, and keeps what it is answered.

recorded_batsim.py RUN_FOLDER REPLIES_FILE BATSIM_ARGUMENTS...: ids of jobs are padded as in the workload file
that is given; the replies, a line each, go to the file.
"""

import gzip
import json
import re
import shutil
import sys
from pathlib import Path

import zmq

from toy_batsim import PARSER, first_data, read_speeds

if __name__ == "__main__":
    folder, replies = Path(sys.argv[1]), Path(sys.argv[2])
    if "--version" in sys.argv:
        print("v4.1.0")
        sys.exit()
    chosen = PARSER.parse_args(sys.argv[3:])
    workload = json.loads(chosen.w.read_text())
    width = len(workload["jobs"][0]["id"])
    names = list(read_speeds(chosen.p))

    def padded(text):
        return re.sub(r'"w0!(\d+)"', lambda found: f'"w0!{found[1].zfill(width)}"', text)

    profiles = json.loads(gzip.decompress((folder / "workload.json.gz").read_bytes()))["profiles"]
    begin = first_data(names, profiles)
    first = {"now": 0.0, "events": [{"timestamp": 0.0, "type": "SIMULATION_BEGINS", "data": begin}]}
    lines = gzip.decompress((folder / "messages.jsonl.gz").read_bytes()).decode().splitlines()
    messages = [json.dumps(first), *(padded(line[1:]) for line in lines if line[0] == "<")]
    socket = zmq.Context().socket(zmq.REQ)
    socket.connect(chosen.s)
    with replies.open("w") as file:
        for message in messages:
            socket.send_string(message)
            file.write(socket.recv_string() + "\n")
    table = gzip.decompress((folder / "out_jobs.csv.gz").read_bytes()).decode()
    Path(f"{chosen.e}_jobs.csv").write_text(
        re.sub(r"^(\d+),", lambda found: found[1].zfill(width) + ",", table, flags=re.MULTILINE)
    )
    shutil.copy(folder / "out_schedule.csv", f"{chosen.e}_schedule.csv")
