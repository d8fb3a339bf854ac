#!/bin/sh
# Smoke-tests an image of HDeepRM:   docker/smoke.sh IMAGE      (ENGINE=podman for another container engine)
# Runs it as its own user and as the caller, without a network; needs a minute. Prints one line for each check.
set -eu
engine=${ENGINE:-docker}
image=${1:?usage: docker/smoke.sh IMAGE}
work=$(mktemp -d)
container=""
trap '[ -z "$container" ] || "$engine" rm --force "$container" > /dev/null; rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

in_image() { # PROGRAM ARGUMENT...: run it in a container as the caller, on the caller's directory
    program=$1
    shift
    "$engine" run --rm --network none --user "$(id -u):$(id -g)" --volume "$work:/work" \
        --entrypoint "$program" "$image" "$@"
}

cat > "$work/options.json" <<'OPTIONS'
{"seed": 1, "platform_file_path": "learning", "workload_file_path": "learning", "agent": {"name": "first-high_gflops"}}
OPTIONS

user=$("$engine" run --rm --network none --entrypoint id "$image" -u)
[ "$user" -ne 0 ] || fail "the image's user is root"
echo "ok: user $user"

"$engine" run --rm --network none "$image" --version | grep -q '^hdeeprm ' || fail "hdeeprm-launch is not the entry point"
echo "ok: entry point"

compiled() { in_image find /var/cache/hdeeprm -name '*.nbc' | wc -l; }
[ "$(compiled)" -gt 0 ] || fail "nothing is compiled in the image"
# The count is taken in the container that ran: what a container compiles is gone with it.
after=$(in_image sh -c '
    hdeeprm-launch options.json -o exact > /dev/null
    hdeeprm-launch options.json --clock batsim -o clock > /dev/null
    hdeeprm-launch options.json --agent ppo -nr 1 -o training > /dev/null
    find /var/cache/hdeeprm -name "*.nbc" | wc -l')
[ "$after" -eq "$(compiled)" ] || fail "a run compiled again what is compiled in the image"
echo "ok: compiled code is used"

if [ ! -O "$work/exact" ] || [ ! -s "$work/exact/out_jobs.csv" ]; then fail "no results of the caller's in the volume"; fi
echo "ok: results in the volume"

if in_image sh -c 'command -v batsim' > /dev/null; then
    in_image batsim --version | grep -q '4\.' || fail "Batsim is not of version 4"
    in_image hdeeprm-launch options.json --simulator batsim -o batsim > /dev/null || fail "a run on Batsim"
    in_image python -c '
import csv
clock, batsim = (
    [(job["job_id"], job["starting_time"], job["allocated_resources"]) for job in csv.DictReader(open(f"{run}/out_jobs.csv"))]
    for run in ("clock", "batsim")
)
assert clock == batsim, (clock, batsim)' || fail "Batsim decides another schedule than its clock in the simulator"
    echo "ok: Batsim"
else
    status=0
    in_image hdeeprm-launch options.json --simulator batsim -o batsim > /dev/null 2> "$work/error" || status=$?
    if [ "$status" -ne 1 ] || ! grep -qi batsim "$work/error"; then fail "no plain word that Batsim is not here"; fi
    echo "ok: no Batsim, and it says so"
fi

container=$("$engine" run --detach --network none --user "$(id -u):$(id -g)" --volume "$work:/work" \
    "$image" options.json --agent ppo -nr 1000000 -o long)
tries=0
until [ -e "$work/long/options.json" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || fail "training did not begin in a minute"
    sleep 1
done
"$engine" stop --time 20 "$container" > /dev/null
status=$("$engine" inspect --format '{{.State.ExitCode}}' "$container")
[ "$status" -eq 130 ] || fail "exit status $status when stopped, not 130"
echo "ok: stops when told to"
