"""Training beside the usual way: passes over the forget set by unlearn and by PyTorch with transformers, in turn.

Usage: PYTHONPATH=.libtorch .venv/bin/python Benchmarks/language.py UNLEARN_BINARY MODEL_DIR [--passages] [JOB …]

Jobs: npo, lora-npo, rmu, sft. Examples have the lengths of questions with answers or, with --passages, of pieces of a
book. Prints a row for each with medians of five passes, against AdamW as it comes and against
the fused one, and both peak memories. Both sides read the same examples in the same batches. A pass of unlearn carries
a fifth of what a run of five computes once, such as reading the original. Nothing else should run meanwhile.
"""

import json
import pathlib
import random
import statistics
import sys
import tempfile

from speed import RUNS, WORDS, own, peer

EXAMPLES = 6
METHODS = {
    "npo": ["--method", "npo", "--set", "retainTerm=kl", "--set", 'parameters="*"'],
    "lora-npo": ["--method", "npo", "--set", "retainTerm=kl", "--set", "lora.rank=8"],
    "rmu": ["--method", "rmu"],
}
# What the peer has no counterpart of is kept small: the questions before and after.
QUIET = ["--set", "evaluation.samples=0", "--set", f"epochs={RUNS}", "--set", "batchSize=4", "--set", "retainBatchSize=4"]


# The least and the most words of a prompt and of its completion.
QUESTIONS, PASSAGES = [(8, 40), (8, 80)], [(8, 40), (150, 350)]


def write_examples(folder, lengths=QUESTIONS):
    draw = random.Random(0)

    def text(least, most):
        return " ".join(draw.choice(WORDS) for _ in range(draw.randint(least, most)))

    for name in ["forget", "retain"]:
        rows = [json.dumps({"prompt": text(*lengths[0]), "completion": " " + text(*lengths[1])}) for _ in range(EXAMPLES)]
        pathlib.Path(folder, f"{name}.jsonl").write_text("\n".join(rows) + "\n")


def passes_of(binary, model, job, folder):
    """Seconds of each pass, and the peak memory of the whole run in bytes."""
    run = pathlib.Path(folder, job)
    if job == "sft":
        result = own(
            binary, "train", "--model", model, "--data", f"{folder}/forget.jsonl", "--output", str(run),
            "--epochs", str(RUNS), "--batch-size", "4", "--json")
        total = result["trainSeconds"]
    else:
        result = own(
            binary, "forget", "--model", model, "--forget", f"{folder}/forget.jsonl",
            "--retain", f"{folder}/retain.jsonl", *METHODS[job], *QUIET, "--output", str(run), "--json")
        total = result["seconds"]["forget"]
    steps = [json.loads(line)["seconds"] for line in (run / "events.jsonl").read_text().splitlines()]
    count = len(steps) // RUNS
    once = (total - sum(steps)) / RUNS
    return [once + sum(steps[start:start + count]) for start in range(0, len(steps), count)], result["peakMemoryBytes"]


def main():
    binary, model, *jobs = sys.argv[1:]
    lengths = PASSAGES if "--passages" in jobs else QUESTIONS
    jobs = [job for job in jobs if job != "--passages"]
    print("| job | unlearn, s | PyTorch, s | ratio | with fused AdamW, s | ratio | memory, GB | PyTorch, GB | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        write_examples(folder, lengths)
        for job in jobs or [*METHODS, "sft"]:
            passes, memory = passes_of(binary, model, job, folder)
            ours = statistics.median(passes)
            files = ["--data", f"{folder}/{job}/data", "--job", job]
            usual, tuned = peer("language_epoch.py", model, *files), peer("language_epoch.py", model, *files, "--tuned")
            theirs = min(usual["peakMemoryBytes"], tuned["peakMemoryBytes"])
            print(
                f"| {job} | {ours:.3g} | {usual['medianSeconds']:.3g} | {usual['medianSeconds'] / ours:.1f}× "
                f"| {tuned['medianSeconds']:.3g} | {tuned['medianSeconds'] / ours:.1f}× "
                f"| {memory / 1e9:.2f} | {theirs / 1e9:.2f} | {memory / theirs:.2f}× |", flush=True)


if __name__ == "__main__":
    main()
