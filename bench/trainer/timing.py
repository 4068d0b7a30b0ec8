"""CPU time (user and system, all threads) of a training step: rounds of steps, median and minimum."""

import json
import resource
import statistics
import time

ROUNDS = 15
ROUND_SAMPLES = 640


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(name, version, args, step):
    """Prints one line of JSON: milliseconds of CPU time for each step."""
    n_steps = max(ROUND_SAMPLES // args.batch, 5)
    for _ in range(2 * n_steps):
        step()
    cpu, wall = [], []
    for _ in range(ROUNDS):
        cpu_start, wall_start = cpu_seconds(), time.perf_counter()
        for _ in range(n_steps):
            loss = step()
        cpu.append((cpu_seconds() - cpu_start) / n_steps * 1e3)
        wall.append((time.perf_counter() - wall_start) / n_steps * 1e3)
    print(json.dumps({
        "name": name,
        "network": args.network,
        "version": version,
        "batch": args.batch,
        "threads": args.threads,
        "cpu_ms": statistics.median(cpu),
        "cpu_ms_min": min(cpu),
        "wall_ms_min": min(wall),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "loss": float(loss),
    }), flush=True)
