"""Models that draw whole workloads: one file per model, one behaviour for all of them.

A model draws job sizes, run times and the gaps between submissions; :mod:`.drawing` turns the gaps into
arrivals at the load wanted, :mod:`.estimates` adds what users ask for, and :mod:`.goodness` says how near
a generated trace comes to another one.
"""
