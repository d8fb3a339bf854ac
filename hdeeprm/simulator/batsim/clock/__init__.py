"""Batsim's clock: SimGrid's one list of running things, and the mailbox of Batsim's server, compiled.

Unlike the exact clock, which goes from one event of a heap to the next, this one subtracts each step from all
that is under way, with SimGrid's tolerances. What comes out agrees with the real Batsim in every bit, so that
a tie is a tie in both, and schedules that hang on one agree.
"""
