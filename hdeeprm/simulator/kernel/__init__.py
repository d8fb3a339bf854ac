"""The compiled kernel: plain functions over flat tables, one room per concept.

    tables          what is fixed and what changes
    queue           waiting jobs                 calendar        running jobs by their end
    fitting         does a job fit whole         core_selection  which processor gives the next core
    placement       starting and ending jobs     processors      P-states, speed, power
    time            instants, decision points    choices         what may be done now
    decisions       one action, its consequences opening         the start of an episode
    rewards         objectives                   observations    what an agent sees
    snapshots       copying a state              planning        imagined futures
    pstate_commands what Batsim would be sent    bits, randomness, compiling
    episode, batch  the entry points that Python calls, for one simulation and for many
    told            those for a simulation whose time is told from outside

Without Numba's compiler (``NUMBA_DISABLE_JIT=1``) the same functions run as plain Python.
"""
