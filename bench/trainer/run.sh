#!/bin/sh
# Compares the CPU time of a training step of MLPerf Tiny's networks in Smidgen, TensorFlow and PyTorch, and prints one table.
# Usage: [BATCHES="16 32 100"] [TURNS="1 2 3"] bench/trainer/run.sh [VENV [NETWORK...]]   (a folder for the Python packages, made when it is not there)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=${1:-$root/target/bench-venv}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- ds_cnn mobilenet_v1 resnet_8
results=$(mktemp)
trap 'rm -f "$results"' EXIT

if [ ! -x "$venv/bin/python" ]; then
    echo "making $venv with tensorflow-cpu and torch (about 5 GB)" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet tensorflow-cpu torch
fi
(cd "$root" && cargo build --release --package smidgen-train --example training_step >&2)
step=${CARGO_TARGET_DIR:-$root/target}/release/examples/training_step

for network in "$@"; do
    for threads in 1 2; do
        for batch in ${BATCHES:-16 32 100}; do
            # The sides take turns, so that a busy machine disturbs all alike.
            for turn in ${TURNS:-1 2 3}; do
                echo "$network, threads $threads, batch $batch, turn $turn" >&2
                "$step" "$network" "$batch" "$threads" >>"$results"
                for side in keras torch; do
                    "$venv/bin/python" "$here/step_$side.py" --network "$network" --batch "$batch" --threads "$threads" \
                        2>/dev/null >>"$results"
                done
            done
        done
    done
done
"$venv/bin/python" "$here/table.py" <"$results"
