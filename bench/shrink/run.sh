#!/usr/bin/env bash
# Shrinks an example by every recipe of this folder, with three seeds, and prints the medians that docs/results.md has.
#   bench/shrink/run.sh NAME DATA [RECIPE…]        for instance: keyword_spotting ../shared/data/kws/speech_commands_v2_testslice
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ $# -lt 2 ] || [ ! -d "examples/$1" ] || [ ! -e "$2" ]; then
    echo "usage: bench/shrink/run.sh NAME DATA [RECIPE…]; the names are: $(ls examples | grep -v README | tr '\n' ' ')" >&2
    exit 2
fi
name=$1 data=$(realpath "$2")
shift 2
[ $# -gt 0 ] || set -- $(cd bench/shrink && ls ./*.toml | sed 's|^./||; s|.toml$||')
cargo build --release --quiet --locked -p smidgen-cli
work=target/bench/shrink/$name
for seed in 1 2 3; do
    base=$work/$seed
    mkdir -p "$base"
    sed "0,/^seed = .*/s//seed = $seed/" "examples/$name/smidgen.toml" >"$base/smidgen.toml"
    ln -sfn "$data" "$base/data"
    [ -f "$base/build/float.tflite" ] || target/release/smidgen train "$base" --quiet
    for recipe in "$@"; do
        dir=$work/$seed-$recipe
        mkdir -p "$dir/build"
        cp "$base/smidgen.toml" "$dir/"
        ln -sfn "$data" "$dir/data"
        cp "$base/build/float.tflite" "$dir/build/"
        target/release/smidgen shrink "$dir" --recipe "bench/shrink/$recipe.toml" --resume --quiet
    done
done
python3 bench/shrink/medians.py "$work" "$@"
