#!/usr/bin/env bash
# What the reference models cost as firmware, as the table of docs/measurements.md.
# Usage: bench/models/run.sh [BOARD]   (models from $SMIDGEN_SHARED, by default ../shared)
set -euo pipefail
cd "$(dirname "$0")/../.."
models="${SMIDGEN_SHARED:-../shared}/models"
board="${1:-mps2-an386}"
cargo build --release --quiet --locked -p smidgen-cli
smidgen="${CARGO_TARGET_DIR:-target}/release/smidgen"

echo "| model | MACs | instructions | per MAC | flash | of it code | weights | RAM | of it arena | stack bound |"
echo "|---|---|---|---|---|---|---|---|---|---|"
for model in mlperf_tiny/kws_ref_model_int8 mlperf_tiny/pretrainedResnet_int8 mlperf_tiny/ad01_int8 \
    tflm/hello_world_int8 tflm/micro_speech_int8 tflm/person_detect_int8 \
    wand_spells/quantized_model tflm/mnist_lstm_int8 detect/yolo-fastest_192_face_v4_int8 \
    mobilenet/mobilenet_v1_0.25_128_quant mobilenet/tf2_mobilenet_v2_1.0_224_ptq \
    mlperf_tiny/pretrainedResnet_float mlperf_tiny/ad01_fp32 tflm/hello_world_float tflm/magic_wand_float; do
    "$smidgen" profile "$models/$model.tflite" --board "$board" --json --quiet | python3 -c '
import json, sys
p = json.load(sys.stdin)
flash, ram = p["flash_bytes"], p["ram_bytes"]
numbers = [flash["total"], flash["code"], flash["weights"], ram["total"], ram["arena"], ram["stack_bound"]]
name = p["model"].removesuffix(".tflite")
per_mac = p["instructions"] / p["macs"]
print("|", " | ".join([name, f"{p['"'macs'"']:,}", f"{p['"'instructions'"']:,}", f"{per_mac:.2f}"] + [f"{n:,}" for n in numbers]), "|")
'
done
