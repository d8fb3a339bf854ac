"""Measurements of what the project promises: ``python -m benchmarks`` from the root of the repository."""
