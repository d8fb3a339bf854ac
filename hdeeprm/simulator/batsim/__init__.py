"""Batsim, both ways: its clock in this process, and the real one beside it."""
