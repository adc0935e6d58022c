"""Speed on images beside the usual way: unlearn and PyTorch do the same work, in turn, on the same machine.

Usage: PYTHONPATH=.libtorch .venv/bin/python Benchmarks/images.py UNLEARN_BINARY FOLDER_OF_JPEG_FILES

The files are named `<label>_<anything>.jpg`. Prints a row for each job with both medians of five runs (three of the
benchmark of N models) and their ratio, then the memory that unlearn held. Nothing else should run meanwhile.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 5
MODELS, EPOCHS = 4, 3
WIDTH = 32
PEERS = pathlib.Path(__file__).parent / "peer"


def own(binary, folder):
    """Seconds of loading, and of one epoch of training: two trainings' difference, so that starting up cancels out."""
    loads, epochs, memory = [], [], []
    for _ in range(RUNS):
        seconds = []
        for count in [1, 2]:
            with tempfile.TemporaryDirectory() as place:
                output = subprocess.run(
                    [binary, "train", "--data", folder, "--label-pattern", "{label}_*", "--label-bins", "10",
                     "--image-size", "32", "--width", str(WIDTH), "--set", f"epochs={count}", "--set",
                     "augmentation.cropBorder=0", "--set", "augmentation.flips=false", "--threads", "2", "--json",
                     "--output", f"{place}/model"], check=True, capture_output=True, text=True).stdout
            result = json.loads(output)
            seconds.append(result["trainSeconds"])
            loads.append(result["loadSeconds"])
            memory.append(result["peakMemoryBytes"])
        epochs.append(seconds[1] - seconds[0])
    return statistics.median(loads), statistics.median(epochs), max(memory)


def own_benchmark(binary, folder):
    """Seconds of the whole benchmark, from files to tables, and the memory that it held."""
    values, memory = [], []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as place:
            start = time.perf_counter()
            output = subprocess.run(
                [binary, "benchmark", "neurips2023", "--data", folder, "--label-pattern", "{label}_*", "--label-bins",
                 "10", "--image-size", "32", "--width", "16", "--models", str(MODELS), "--workers", "2", "--method",
                 "fine-tune", "--set", f"fine-tune.epochs={EPOCHS}", "--set", f"training.epochs={EPOCHS}", "--set",
                 "training.augmentation.cropBorder=0", "--set", "training.augmentation.flips=false", "--json",
                 "--output", f"{place}/run"], check=True, capture_output=True, text=True).stdout
            values.append(time.perf_counter() - start)
            memory.append(json.loads(output)["peakMemoryBytes"])
    return statistics.median(values), max(memory)


def peer(script, *arguments):
    command = [sys.executable, str(PEERS / script), *arguments, "--repeats", str(RUNS)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output.strip().splitlines()[-1])["medianSeconds"]


def main():
    binary, folder = sys.argv[1:3]
    load, epoch, training_memory = own(binary, folder)
    benchmark, benchmark_memory = own_benchmark(binary, folder)
    counts = ["--models", str(MODELS), "--epochs", str(EPOCHS)]
    rows = [
        ("loading images, seconds", load, peer("image_load.py", folder)),
        ("epoch, ordinary layout, seconds", epoch, peer("classifier_epoch.py", "--width", str(WIDTH))),
        ("epoch, channels last, seconds", epoch, peer("classifier_epoch.py", "--width", str(WIDTH), "--channels-last")),
        ("benchmark of N models, seconds", benchmark, peer("challenge.py", folder, *counts)),
        ("the same, channels last", benchmark, peer("challenge.py", folder, *counts, "--channels-last")),
    ]
    print(f"{'job':34}{'unlearn':>10}{'PyTorch':>10}{'ratio':>8}")
    for name, ours, theirs in rows:
        print(f"{name:34}{ours:10.2f}{theirs:10.2f}{theirs / ours:8.2f}")
    print(f"memory held by unlearn: training {training_memory / 1e6:.0f} MB, benchmark {benchmark_memory / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
