#!/bin/sh
# Compares the CPU time of a DS-CNN training step in Smidgen, TensorFlow and PyTorch, and prints one table.
# Usage: bench/trainer/run.sh [VENV]   (a folder for the Python packages, made when it is not there)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=${1:-$root/target/bench-venv}
results=$(mktemp)
trap 'rm -f "$results"' EXIT

if [ ! -x "$venv/bin/python" ]; then
    echo "making $venv with tensorflow-cpu and torch (about 5 GB)" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet tensorflow-cpu torch
fi
(cd "$root" && cargo build --release --package smidgen-train --example ds_cnn_step >&2)
step=${CARGO_TARGET_DIR:-$root/target}/release/examples/ds_cnn_step

for threads in 1 2; do
    for batch in 16 32 100; do
        # The sides take turns, so that a busy machine disturbs all alike.
        for turn in 1 2 3; do
            echo "threads $threads, batch $batch, turn $turn" >&2
            "$step" "$batch" "$threads" >>"$results"
            "$venv/bin/python" "$here/ds_cnn_keras.py" --batch "$batch" --threads "$threads" 2>/dev/null >>"$results"
            "$venv/bin/python" "$here/ds_cnn_torch.py" --batch "$batch" --threads "$threads" >>"$results"
        done
    done
done
"$venv/bin/python" "$here/table.py" <"$results"
