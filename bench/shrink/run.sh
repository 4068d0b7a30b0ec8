#!/usr/bin/env bash
# Shrinks a model by recipes, with three seeds, and prints the medians that docs/results.md has.
#   bench/shrink/run.sh NAME DATA [RECIPE…]        for instance: keyword_spotting ../shared/data/kws/speech_commands_v2_testslice
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ $# -lt 2 ] || [ ! -d "bench/shrink/$1" ] || [ ! -e "$2" ]; then
    echo "usage: bench/shrink/run.sh NAME DATA [RECIPE…]; the names are: $(cd bench/shrink && echo */ | tr -d /)" >&2
    exit 2
fi
name=$1 data=$(realpath "$2") recipes=bench/shrink/$1
shift 2
project=$recipes/smidgen.toml
[ -f "$project" ] || project=examples/$name/smidgen.toml
[ $# -gt 0 ] || set -- $(cd "$recipes" && ls ./*.toml | sed 's|^./||; s|.toml$||' | grep -v smidgen)
cargo build --release --quiet --locked -p smidgen-cli
work=target/bench/shrink/$name
for seed in 1 2 3; do
    base=$work/$seed
    mkdir -p "$base"
    sed "0,/^seed = .*/s//seed = $seed/" "$project" >"$base/smidgen.toml"
    ln -sfn "$data" "$base/data"
    [ -f "$base/build/float.tflite" ] || target/release/smidgen train "$base" --quiet
    for recipe in "$@"; do
        dir=$work/$seed-$recipe
        mkdir -p "$dir/build"
        cp "$base/smidgen.toml" "$dir/"
        ln -sfn "$data" "$dir/data"
        cp "$base/build/float.tflite" "$dir/build/"
        file=$recipes/$recipe.toml
        [ -f "$file" ] || file=$recipe
        target/release/smidgen shrink "$dir" --recipe "$file" --resume --quiet
    done
done
python3 bench/shrink/medians.py "$work" "$@"
