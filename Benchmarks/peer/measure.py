"""What the peer benchmarks share: options, threads, medians, and the JSON they print."""

import argparse
import json
import os
import statistics
import time

import torch
import transformers


def options(description, **extra):
    """The common command line; `extra` maps an argument's name to the keyword arguments of add_argument."""
    parser = argparse.ArgumentParser(description=description)
    for name, settings in extra.items():
        parser.add_argument(name if settings.pop("positional", False) else "--" + name, **settings)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    values = parser.parse_args()
    if values.repeats < 5:
        parser.error("--repeats must be at least 5: medians of fewer runs are not published")
    torch.set_num_threads(values.threads)
    torch.manual_seed(0)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return values


def seconds(work, repeats, warm_up=1):
    """Wall-clock seconds of each repetition, after runs that do not count."""
    for _ in range(warm_up):
        work()
    values = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        values.append(time.perf_counter() - start)
    return values


def report(name, values, threads, **facts):
    """One line of JSON. A load average far above `threads` says that others used the machine: do not count that run."""
    print(json.dumps({
        "name": name,
        "medianSeconds": statistics.median(values),
        "seconds": values,
        "threads": threads,
        "loadAverage": os.getloadavg()[0],
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    } | facts))
