"""Speed on images beside the usual way: unlearn and PyTorch do the same work, in turn, on the same machine.

Usage: PYTHONPATH=.libtorch .venv/bin/python Benchmarks/images.py UNLEARN_BINARY FOLDER_OF_JPEG_FILES

The files are named `<label>_<anything>.jpg`. Prints a row for each job with both medians of five runs and their ratio.
Nothing else should run meanwhile.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

RUNS = 5
WIDTH = 32
PEERS = pathlib.Path(__file__).parent / "peer"


def own(binary, folder):
    """Seconds of loading, and of one epoch of training: two trainings' difference, so that starting up cancels out."""
    loads, epochs = [], []
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
        epochs.append(seconds[1] - seconds[0])
    return statistics.median(loads), statistics.median(epochs)


def peer(script, *arguments):
    command = [sys.executable, str(PEERS / script), *arguments, "--repeats", str(RUNS)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output.strip().splitlines()[-1])["medianSeconds"]


def main():
    binary, folder = sys.argv[1:3]
    load, epoch = own(binary, folder)
    rows = [
        ("loading images, seconds", load, peer("image_load.py", folder)),
        ("epoch, ordinary layout, seconds", epoch, peer("classifier_epoch.py", "--width", str(WIDTH))),
        ("epoch, channels last, seconds", epoch, peer("classifier_epoch.py", "--width", str(WIDTH), "--channels-last")),
    ]
    print(f"{'job':34}{'unlearn':>10}{'PyTorch':>10}{'ratio':>8}")
    for name, ours, theirs in rows:
        print(f"{name:34}{ours:10.2f}{theirs:10.2f}{theirs / ours:8.2f}")


if __name__ == "__main__":
    main()
