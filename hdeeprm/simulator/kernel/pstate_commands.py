"""P-state commands as a scheduler sends them to Batsim: one per P-state and instant, for all its cores.

They change nothing here, where P-states follow from what runs; they are counted for out_schedule.csv, and
ordered from a Batsim where one tells the time. A core counts once per instant, even if it ends the instant in
the P-state it had before.
"""

from __future__ import annotations

from .bits import count_bits
from .compiling import compiled
from .tables import Simulation as Sim


@compiled
def set_pstates(sim: Sim, word: int, cores: int) -> None:
    """Note that some cores of a word have their P-state set in this instant."""
    clock, row = sim.clock[0], sim.words[word]
    if clock.noting_pstates and cores:
        if row.set_cores == 0:
            sim.words[clock.num_set_words].set_word = word
            clock.num_set_words += 1
        row.set_cores |= cores


@compiled
def set_all_pstates(sim: Sim, processor: int, active: bool) -> None:
    """Note that all active cores of a processor, or all its idle ones, have their P-state set."""
    hardware = sim.processors[processor]
    for word in range(hardware.first_word, hardware.first_word + hardware.num_words):
        free = sim.words[word].free
        set_pstates(sim, word, sim.words[word].all_cores & ~free if active else free)


@compiled
def send_commands(sim: Sim) -> None:
    """Count the commands of the instant that is over, and the cores in them."""
    clock = sim.clock[0]
    pstates = 0
    for place in range(clock.num_set_words):
        row = sim.words[sim.words[place].set_word]
        state = sim.processors[row.processor]
        if row.set_cores & ~row.free:
            pstates |= 2 if state.oversubscribed else 1
        if row.set_cores & row.free:
            pstates |= 4 if state.num_active > 0 else 8
        clock.num_pstate_changes += count_bits(row.set_cores)
        row.set_cores = 0
    clock.num_set_words = 0
    clock.num_pstate_commands += count_bits(pstates)
