"""Multiple choice beside the usual way: the same questions by unlearn and by PyTorch with transformers, in turn.

Usage: PYTHONPATH=.libtorch .venv/bin/python Benchmarks/suites.py UNLEARN_BINARY MODEL_DIR QA_FOLDER [--limit 300]
           [--runs 5] [--threads 2] [--tasks arc,piqa,mmlu]

QA_FOLDER holds ARC-Challenge-Test.jsonl, piqa_valid.jsonl with its labels, and mmlu_test. Of each task the first
questions are asked, of MMLU those of five subjects. Prints a row for each task: both accuracies, how many questions were
answered otherwise, how near to a tie the farthest of these was, both medians of whole commands, from start to end, and
their ratio. The peer asks for each option by itself, eight together with padding, the longest first
(peer/choices.py). Nothing else should run meanwhile.
"""

import argparse
import csv
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

PEER = pathlib.Path(__file__).parent / "peer" / "choices.py"
SUBJECTS = ["anatomy", "astronomy", "formal_logic", "marketing", "virology"]


def copy_lines(source, target, count):
    with open(source, newline="") as lines:
        target.write_text("".join(itertools.islice(lines, count)), newline="")


def copy_rows(source, target, count):
    """The first rows of a table whose cells may hold line breaks."""
    with open(source, newline="") as table, open(target, "w", newline="") as part:
        csv.writer(part).writerows(itertools.islice(csv.reader(table), count))


def write_part(task, qa, folder, count):
    folder.mkdir()
    if task == "arc":
        copy_lines(qa / "ARC-Challenge-Test.jsonl", folder / "ARC-Challenge-Test.jsonl", count)
    elif task == "piqa":
        for name in ["piqa_valid.jsonl", "piqa_valid-labels.lst"]:
            copy_lines(qa / name, folder / name, count)
    else:
        for subject in SUBJECTS:
            name = f"{subject}_test.csv"
            copy_rows(qa / "mmlu_test" / name, folder / name, count // len(SUBJECTS))


def timed(command, threads):
    """Wall-clock seconds of a whole command, and the JSON that it printed last."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    start = time.perf_counter()
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return time.perf_counter() - start, json.loads(output.strip().splitlines()[-1])


def compared(own, peer):
    """(questions, right ones of both, those chosen otherwise, the peer's widest gap between two options of these)."""
    rows = [row for task in sorted(peer) for row in peer[task]]
    items = sorted(own, key=lambda item: item["task"])
    if [item["answer"] for item in items] != [row["answer"] for row in rows]:
        sys.exit("the two sides asked other questions")
    others, gap, farthest = 0, 0.0, 0.0
    for item, row in zip(items, rows):
        sums = row["logProbabilities"]
        farthest = max(farthest, *(abs(a - b) for a, b in zip(item["logProbabilities"], sums)))
        keys = ["choice"] + (["choiceByLength"] if "choiceByLength" in item else [])
        if any(item[key] != row[key] for key in keys):
            others += 1
            gap = max(gap, abs(sums[item["choice"]] - sums[row["choice"]]))
    right = [sum(row["choice"] == row["answer"] for row in side) for side in (items, rows)]
    return len(rows), right, others, gap, farthest


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ["binary", "model", "qa"]:
        parser.add_argument(name)
    parser.add_argument("--limit", type=int, default=300)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", default="arc,piqa,mmlu")
    values = parser.parse_args()
    print("| task | questions | unlearn, right | transformers, right | chosen otherwise | widest gap of these "
          "| farthest log p | unlearn, s | transformers, s | ratio |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as parent:
        for task in values.tasks.split(","):
            folder = pathlib.Path(parent, task)
            write_part(task, pathlib.Path(values.qa), folder, values.limit)
            ours = [values.binary, "evaluate", "--suite", "multiple-choice", "--model", values.model, "--data", str(folder),
                    "--threads", str(values.threads), "--json"]
            theirs = [sys.executable, str(PEER), values.model, str(folder), "--threads", str(values.threads)]
            runs = [(timed(ours, values.threads), timed(theirs, values.threads)) for _ in range(values.runs)]
            (_, own), (_, peer) = runs[-1]
            count, right, others, gap, farthest = compared(own["items"], peer["tasks"])
            own, peer = (statistics.median(run[side][0] for run in runs) for side in (0, 1))
            print(f"| {task} | {count} | {right[0]} | {right[1]} | {others} | {gap:.2g} | {farthest:.1e} "
                  f"| {own:.3g} | {peer:.3g} | {peer / own:.1f}× |", flush=True)


if __name__ == "__main__":
    main()
