#!/bin/sh
# Compiles the simulator while the image is built: one short run for each part of it that is compiled by itself.
# (episodes; fitting jobs; planning; batches of episodes, which training plays; Batsim's clock)
set -eu
place=$(mktemp -d)
cd "$place"
cat > options.json <<'OPTIONS'
{"seed": 1, "platform_file_path": "learning", "workload_file_path": "learning", "agent": {"name": "first-high_gflops"}}
OPTIONS
for arguments in "" "--agent shortest-fit" "--agent rollout" "--agent ppo -nr 1" "--clock batsim"; do
    # shellcheck disable=SC2086 # the arguments are several words
    hdeeprm-launch options.json $arguments > /dev/null
done
cd /
rm -r "$place"
