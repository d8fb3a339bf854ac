"""The tables of one simulation on Batsim's clock. Units: s, flop, flop/s, byte, byte/s, W and J."""

from __future__ import annotations

from typing import NamedTuple

from hdeeprm.simulator.kernel.tables import Integers, Table, record

NONE = -1

# Where a job is in its life.
(
    NOT_SUBMITTED,
    SUBMITTED,
    RUNNING,
    COMPLETED,
    FAILED,
    WALLTIME_REACHED,
    KILLED,
    REJECTED,
) = range(8)

# What a stage of a job does: waits, or computes and communicates.
DELAY, TASK = range(2)

# What is under way: a message to the server, a sleep of a submitter, of the scheduler's reply or until a
# requested call, a job's stage.
MESSAGE, SUBMITTER_SLEEP, REPLY_SLEEP, CALL_SLEEP, JOB_STAGE = range(5)

# Messages to the server. The scheduler's commands are messages from the reply.
(
    HELLO,
    SUBMISSION,
    BYE,
    COMPLETION,
    REQUESTED_CALL,
    KILL_DONE,
    READY,
    EXECUTE,
    REJECT,
    SET_PSTATE,
    KILL,
    CALL_LATER,
    TELL_ENERGY,
    REGISTER,
    END_REGISTRATION,
    CONTINUE_REGISTRATION,
    NOTHING,
) = range(17)

# Who goes on once the server has received a message.
NOBODY, SUBMITTER, REPLY = range(3)

# What the scheduler is told.
(
    BEGINS,
    JOB_SUBMITTED,
    JOB_COMPLETED,
    NO_MORE_JOBS,
    PSTATE_CHANGED,
    CALLED,
    JOBS_KILLED,
    ENERGY,
    ENDS,
) = range(9)

# What is traced: the start and the end of a job, P-states before and after they change, and how many machines
# compute.
TRACE_START, TRACE_END, TRACE_SWITCHING, TRACE_SWITCHED, TRACE_MACHINES = range(5)

# Why an advance has come to its end; the last ones are refusals of a command.
(
    ASKING,
    OVER,
    DEADLOCK,
    NOT_WAITING,
    MACHINE_BUSY,
    NOT_STARTED,
    CALL_IN_THE_PAST,
) = range(7)

HOST = record(
    pstate="i8",
    charged_pstate="i8",  # whose power it is charged with until it is next looked at
    first_state="i8",
    load="f8",  # in [0, 1]
    joules="f8",
    updated="f8",
    num_jobs="i8",
    num_tasks="i8",  # stages that compute here
    task="i8",  # action of one of them
    since="f8",  # when it became idle or computing
)

STATE = record(flops="f8", idle_watts="f8", lowest_watts="f8", full_watts="f8")  # of a host's P-state

RESOURCE = record(  # hosts first, then links
    bound="f8",  # flop/s or byte/s
    fatpipe="i8",  # 1: users do not share it, each has all of it
    remaining="f8",
    usage="f8",
    num_open="i8",
)

USE = record(resource="i8", weight="f8")  # flop or byte of a stage on a resource

STAGE = record(
    kind="i8",
    duration="f8",  # of a delay
    first_use="i8",
    last_host_use="i8",  # the uses before it are of hosts, those from it on are of links
    last_use="i8",  # the use before it is the last one
    empty="i8",  # 1: there is nothing to compute and nothing to send
    latency="f8",
    latency_bound="f8",  # on its rate, in 1/s
    return_code="i8",
)

JOB = record(
    status="i8",
    submit_time="f8",
    walltime="f8",  # below 0: none
    first_host="i8",  # in the allocations
    num_hosts="i8",
    first_stage="i8",  # in the program
    num_stages="i8",
    stage="i8",  # the one under way, by its place in the job's program
    stage_start="f8",
    time_left="f8",  # of the walltime, below 0 without one
    action="i8",
    start="f8",
    run_time="f8",
    joules="f8",
    return_code="i8",
    failing="i8",  # return code of the whole job where all its stages succeed
    kill_requested="i8",  # by which of the commands to kill, 0: by none
    progress="f8",  # of the stage under way when it was killed, in [0, 1]
    sender="i8",  # stage of its messages to the server, NONE where they cost no time
)

ACTION = record(
    kind="i8",
    subject="i8",
    stage="i8",  # whose uses it has; NONE where it has none
    remaining="f8",
    rate="f8",  # 1/s
    max_duration="f8",  # s left, below 0: none
    latency="f8",  # s left
    bound="f8",  # on its rate; 0: none
    flowing="i8",  # 0: it sleeps, or its latency is not over
    shared="i8",  # 1: others may use what it uses, so that its rate is solved for
    increment="f8",
    open="i8",
    marked="i8",  # 1: a host of it changes its speed
    over="i8",  # 1: it has come to its end in this instant
    next_free="i8",
)

POST = record(kind="i8", subject="i8", first="i8", last="i8", stage="i8", sender="i8", who="i8")
COMMAND = record(kind="i8", subject="i8", first="i8", last="i8", time="f8", value="f8")
EVENT = record(kind="i8", subject="i8", time="f8", value="f8")
TRACE = record(kind="i8", subject="i8", time="f8", joules="f8", watts="f8", num_computing="i8")
SUBMITTER_ROW = record(next="i8", last="i8", send_from="i8", date="f8", slept="i8")

CLOCK = record(
    now="f8",
    work_precision="f8",  # fractions of work below this are done
    time_precision="f8",  # s likewise
    energy="i8",  # 1: energy is simulated
    charge_p0="i8",  # 1: hosts are charged as in P-state 0 until they are first looked at after time 0
    looked_at="i8",  # 1: that has been
    sharing="i8",  # 1: a machine may run several jobs at a time
    tracing="i8",
    registration="i8",  # 1: the scheduler may yet register jobs
    acknowledge="i8",  # 1: jobs that it registers are told back
    num_hosts="i8",
    num_submitters="i8",
    submitters_left="i8",
    num_running="i8",
    num_unfinished="i8",  # submitted jobs that have not ended
    num_callers="i8",
    num_killers="i8",
    num_kills="i8",  # commands so far
    num_actions="i8",
    free_action="i8",
    dirty="i8",  # 1: the rates of shared actions must be solved for
    num_shared="i8",
    first_post="i8",
    num_posts="i8",
    receiving="i8",
    num_late="i8",
    num_events="i8",
    num_told="i8",  # events of the message that waits for its reply
    asking="i8",  # 1: a message waits for its reply
    ready="i8",
    num_commands="i8",
    next_command="i8",
    replied="i8",  # 1: a reply is there that has not been begun
    ends_told="i8",
    over="i8",
    verdict="i8",
    culprit="i8",  # command that was refused
    watts="f8",
    watts_error="f8",
    joules="f8",  # of all hosts, at joules_time
    joules_error="f8",
    joules_time="f8",
    first_submission_joules="f8",  # below 0: there was none yet
    last_completion_joules="f8",
    lowest_watts="f8",  # sum over hosts at their P-states
    num_computing="i8",
    idle_time="f8",  # of all hosts, closed intervals
    computing_time="f8",
    num_switches="i8",
    num_switched="i8",
    num_traces="i8",
    num_order="i8",  # ended or rejected jobs
)


class Clockwork(NamedTuple):
    """All tables of a simulation; H hosts, S states, L links, J jobs, A actions."""

    clock: Table  # (1,) CLOCK
    hosts: Table  # (H,) HOST
    states: Table  # (S,) STATE
    resources: Table  # (H + L,) RESOURCE
    uses: Table  # USE
    stages: Table  # STAGE
    program: Integers  # stages of jobs, one after the other
    allocations: Integers  # hosts of jobs, one after the other
    jobs: Table  # (J,) JOB
    order: Integers  # (J,) jobs in the order in which they ended or were rejected
    actions: Table  # (A,) ACTION
    running: Integers  # (A,) actions under way, by age
    done: Integers  # (A,) scratch
    posts: Table  # POST: a ring
    inbox: Table  # (1,) POST: the message that is being received
    late: Integers  # jobs whose completion is to be posted
    commands: Table  # COMMAND of the reply
    command_hosts: Integers  # hosts of commands, one after the other
    events: Table  # EVENT
    traces: Table  # TRACE
    submitters: Table  # SUBMITTER_ROW
