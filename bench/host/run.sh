#!/usr/bin/env bash
# Compares the host interpreter with LiteRT's reference kernels, one thread each, and prints a table row.
# Usage: bench/host/run.sh [MODEL]   (by default MobileNetV2 of $SMIDGEN_SHARED, by default ../shared)
set -euo pipefail
cd "$(dirname "$0")/../.."
model="${1:-${SMIDGEN_SHARED:-../shared}/models/mobilenet/tf2_mobilenet_v2_1.0_224_ptq.tflite}"
python="${BENCH_PYTHON:-target/bench-host/bin/python}"

if ! "$python" -c 'import ai_edge_litert.interpreter' 2>/dev/null; then
    python3 -m venv target/bench-host
    target/bench-host/bin/pip install --quiet --disable-pip-version-check ai-edge-litert numpy
    python=target/bench-host/bin/python
fi
cargo build --release --quiet --locked -p smidgen-tflite --example host_speed
ours="${CARGO_TARGET_DIR:-target}/release/examples/host_speed"

# The sides take turns, so that a busy machine disturbs both alike; the fastest turn counts.
for turn in 1 2 3 4 5; do
    echo "ours $("$ours" "$model" 10)"
    echo "litert $("$python" bench/host/litert.py "$model" 5 2>/dev/null)"
done | python3 -c '
import sys
best = {}
for line in sys.stdin:
    side, *seconds = line.split()
    best[side] = [min(pair) for pair in zip(map(float, seconds), best.get(side, [1e9, 1e9]))]
(cpu, wall), (reference_cpu, reference_wall) = best["ours"], best["litert"]
print("| | CPU ms | wall ms |\n|---|---|---|")
print(f"| LiteRT, reference kernels | {reference_cpu * 1e3:.1f} | {reference_wall * 1e3:.1f} |")
print(f"| Smidgen | {cpu * 1e3:.1f} | {wall * 1e3:.1f} |")
print(f"| ratio | {reference_cpu / cpu:.1f} | {reference_wall / wall:.1f} |")
'
