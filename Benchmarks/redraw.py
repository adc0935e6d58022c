"""Speed of forgetting pictures beside the usual way: unlearn and PyTorch take the same steps, in turn, on the same machine.

Usage: PYTHONPATH=.libtorch .venv/bin/python Benchmarks/redraw.py UNLEARN_BINARY MODEL_FOLDER DATA_FOLDER CLASSES

The model is one that `make demo-redraw` trained (runs/fashion-models/original), DATA_FOLDER and CLASSES are what it forgets.
Prints both medians of five runs, their ratio, and the memory that each program held at most. Nothing else should run meanwhile.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

RUNS = 5
PEER = pathlib.Path(__file__).parent / "peer" / "redraw_forget.py"


def own(binary, model, data, classes):
    """Seconds of the phase "forget" of one run, and the bytes that the program held at most."""
    with tempfile.TemporaryDirectory() as place:
        command = [
            binary, "forget", "--model", model, "--data", data, "--forget-class", classes, "--threads", "2", "--set",
            "evaluation.pictures=64", "--output", f"{place}/run"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{' '.join(command)} ended with {status}")
        report = json.loads(pathlib.Path(f"{place}/run/report.json").read_text())
        return report["seconds"]["forget"], usage.ru_maxrss * 1024


def main():
    runs = [own(*sys.argv[1:5]) for _ in range(RUNS)]
    command = [sys.executable, str(PEER), "--repeats", str(RUNS)]
    peer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    seconds = statistics.median(run[0] for run in runs)
    print(f"200 steps of 128 + 128 pictures: unlearn {seconds:.1f} s, PyTorch {peer['medianSeconds']:.1f} s, "
          f"ratio {peer['medianSeconds'] / seconds:.2f}")
    print(f"peak memory: unlearn {max(run[1] for run in runs) / 1e6:.0f} MB, PyTorch {peer['peakMemoryBytes'] / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
