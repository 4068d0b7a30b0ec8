#!/usr/bin/env bash
# Trains a MobileNet, makes its channels so unlike that int8 fails, and prints what each way to quantise gets back.
#   bench/quantization/mobilenet/run.sh ../shared/data/image/sign_language_digits_64
set -euo pipefail
cd "$(dirname "$0")/../../.."
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
    echo "usage: bench/quantization/mobilenet/run.sh DATA; DATA has a folder of images for each class" >&2
    exit 2
fi
data=$(realpath "$1")
cargo build --release --quiet --locked -p smidgen-cli
cargo build --release --quiet --locked -p smidgen-compress --example ill_conditioned
work=target/bench/quantization/mobilenet
smidgen=target/release/smidgen
mkdir -p "$work/build"
cp bench/quantization/mobilenet/smidgen.toml "$work/"
ln -sfn "$data" "$work/data"
[ -f "$work/sound.tflite" ] || { "$smidgen" train "$work" --quiet && cp "$work/build/float.tflite" "$work/sound.tflite"; }
right() {
    "$smidgen" eval "$work" --json 2>/dev/null | python3 -c "
import json, sys
print(' | '.join(f\"{100 * result['accuracy']:.2f}\" for result in json.load(sys.stdin)['results']))"
}
echo "| channels apart by up to | way | float | int8 |"
echo "|---|---|---|---|"
for factor in 1 100 900; do
    target/release/examples/ill_conditioned "$work/sound.tflite" "$work/build/float.tflite" "$(awk "BEGIN { print sqrt($factor) }")" >/dev/null
    for way in "" --equalize --adaptive-rounding "--equalize --adaptive-rounding"; do
        # shellcheck disable=SC2086 # several flags
        "$smidgen" quantize "$work" --quiet $way >/dev/null
        echo "| $factor | ${way:-as it is} | $(right) |"
    done
done
