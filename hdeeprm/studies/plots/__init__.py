"""Figures of studies: one function per file, each taking Axes and returning them."""
