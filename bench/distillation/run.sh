#!/usr/bin/env bash
# Trains a teacher, a student alone and the same student with the teacher, with three seeds, and prints the table of docs/results.md.
#   bench/distillation/run.sh NAME DATA [SEED…]        for instance: mnist ../shared/data/image/mnist
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ $# -lt 2 ] || [ ! -d "bench/distillation/$1" ] || [ ! -e "$2" ]; then
    echo "usage: bench/distillation/run.sh NAME DATA [SEED…]; the names are: $(cd bench/distillation && echo */ | tr -d /)" >&2
    exit 2
fi
name=$1 data=$(realpath "$2")
shift 2
[ $# -gt 0 ] || set -- 1 2 3
cargo build --release --quiet --locked -p smidgen-cli
smidgen=$PWD/target/release/smidgen
echo "| seed | | parameters | right | wrong |"
echo "|---|---|---|---|---|"
for seed in "$@"; do
    for who in teacher alone distilled; do
        dir=target/bench/distillation/$name/$seed-$who
        mkdir -p "$dir"
        ln -sfn "$data" "$dir/data"
        project=bench/distillation/$name/student.toml
        [ "$who" != teacher ] || project=bench/distillation/$name/teacher.toml
        sed "0,/^seed = .*/s//seed = $seed/" "$project" >"$dir/smidgen.toml"
        if [ "$who" = distilled ]; then
            taught="distillation = { teacher = [\"../$seed-teacher/build/float.tflite\"], temperature = 4.0, share = 0.9 }"
            sed -i "s|^\[training\]|[training]\n$taught|" "$dir/smidgen.toml"
        fi
        [ -f "$dir/build/float.tflite" ] || "$smidgen" train "$dir" --quiet
        parameters=$("$smidgen" inspect "$dir/build/float.tflite" --json | python3 -c "import json, sys; print(json.load(sys.stdin)['parameters'])")
        "$smidgen" eval "$dir" --json | SEED=$seed WHO=$who PARAMETERS=$parameters python3 -c "
import json, os, sys
counts = json.load(sys.stdin)['results'][0]['confusion']['counts']
n, right = sum(map(sum, counts)), sum(row[at] for at, row in enumerate(counts))
print('|', os.environ['SEED'], '|', os.environ['WHO'], '|', f\"{int(os.environ['PARAMETERS']):,}\", '|', f'{100 * right / n:.2f} %', '|', n - right, '|')"
    done
done
