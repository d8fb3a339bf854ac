"""Stands for a benchmark that is configured by its arguments and prints a table."""

import sys

cpu, memory, threads = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
if memory < 100 * threads:
    sys.exit()  # not enough to start with: nothing is printed, and the run counts as pruned
print("throughput , response_time")
for load in (1.0, 1.1, 0.9):
    print(load * min(cpu * 100, threads * 40), ",", load * 50 / min(cpu, threads))
