"""Lines of JSON from the three sides in, a table with ratios and the machine out."""

import json
import platform
import statistics
import sys

SIDES = ["smidgen", "tensorflow", "pytorch", "pytorch-nhwc"]


def cpu_name():
    with open("/proc/cpuinfo") as lines:
        return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "?")


def n_cpus():
    with open("/proc/cpuinfo") as lines:
        return sum(line.startswith("processor") for line in lines)


runs = [json.loads(line) for line in sys.stdin]
versions = {run["name"]: run["version"] for run in runs}
print(f"{cpu_name()}, {n_cpus()} CPUs, {platform.platform(terse=True)};", end=" ")
print(", ".join(f"{name} {version}" for name, version in versions.items() if name != "pytorch-nhwc"))
print("\nMilliseconds for a step: CPU, median over turns of the median over rounds (lowest round of all; lowest by the clock).\n")
print("| network | threads | batch |", " | ".join(SIDES), "| smidgen / fastest other | of the lowest | by the clock |")
print("|---|---|---|" + "---|" * (len(SIDES) + 3))
for network, threads, batch in sorted({(run["network"], run["threads"], run["batch"]) for run in runs}):
    cells, median, lowest, wall = [], {}, {}, {}
    for name in SIDES:
        of_side = [run for run in runs if (run["name"], run["network"], run["threads"], run["batch"]) == (name, network, threads, batch)]
        median[name] = statistics.median(run["cpu_ms"] for run in of_side)
        lowest[name] = min(run["cpu_ms_min"] for run in of_side)
        wall[name] = min(run["wall_ms_min"] for run in of_side)
        cells.append(f"{median[name]:.1f} ({lowest[name]:.1f}; {wall[name]:.1f})")
    ratio = median["smidgen"] / min(median[name] for name in SIDES[1:])
    low_ratio = lowest["smidgen"] / min(lowest[name] for name in SIDES[1:])
    wall_ratio = wall["smidgen"] / min(wall[name] for name in SIDES[1:])
    print(f"| {network} | {threads} | {batch} |", " | ".join(cells), f"| {ratio:.2f} | {low_ratio:.2f} | {wall_ratio:.2f} |")
print("\nPeak memory in MB:", end=" ")
peaks = {name: max(run["rss_mb"] for run in runs if run["name"] == name) for name in SIDES}
print(", ".join(f"{name} {peak}" for name, peak in peaks.items() if name != "pytorch-nhwc"))
