"""Prints the median over seeds of what each recipe made of a model, beside what it was before, as rows of a table."""

import json
import pathlib
import statistics
import sys

work, recipes = pathlib.Path(sys.argv[1]), sys.argv[2:]


def worth(evaluation):
    """Percent right, or the area under the curve times 100 where something unusual is looked for."""
    if evaluation.get("threshold") is not None:
        return 100 * evaluation["auc"]
    counts = evaluation["confusion"]["counts"]
    return 100 * sum(row[at] for at, row in enumerate(counts)) / sum(map(sum, counts))


def less(before, after):
    return 100 * (1 - after / before)


print("| recipe | float | int8 | points to float, by seed | parameters | filters | weights | flash | arena | MACs | instructions |")
print("|---|---|---|---|---|---|---|---|---|---|---|")
for recipe in recipes:
    runs = [json.loads(path.read_text()) for path in sorted(work.glob(f"*-{recipe}/build/shrink/report.json"))]
    pairs = [(run["stages"][0], run["stages"][-1]) for run in runs]
    points = [worth(last["int8"]) - worth(first["float"]) for first, last in pairs]
    median = lambda of: statistics.median(of(first, last) for first, last in pairs)
    saved = [
        median(lambda first, last: less(first["parameters"], last["parameters"])),
        median(lambda first, last: less(first["filter_bytes"], last["filter_bytes"])),
        median(lambda first, last: less(first["flash_bytes"]["weights"], last["flash_bytes"]["weights"])),
        median(lambda first, last: less(first["flash_bytes"]["total"], last["flash_bytes"]["total"])),
        median(lambda first, last: less(first["ram_bytes"]["arena"], last["ram_bytes"]["arena"])),
        median(lambda first, last: less(first["macs"], last["macs"])),
        median(lambda first, last: less(first["instructions"], last["instructions"])),
    ]
    before = median(lambda first, _: worth(first["float"]))
    after = median(lambda _, last: worth(last["int8"]))
    by_seed = ", ".join(f"{point:+.2f}" for point in points)
    cells = [f"{before:.2f}", f"{after:.2f}", f"**{statistics.median(points):+.2f}** ({by_seed})"]
    print(f"| {recipe} | " + " | ".join(cells + [f"{value:+.1f} %" for value in (-value for value in saved)]) + " |")
