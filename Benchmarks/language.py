"""Training beside the usual way: a pass over the forget set by unlearn and by PyTorch with transformers, in turn.

Usage: PYTHONPATH=.libtorch .venv/bin/python Benchmarks/language.py UNLEARN_BINARY MODEL_DIR [JOB …]

Jobs: npo, lora-npo, rmu, sft. Prints a row for each with medians of five passes, against AdamW as it comes and against
the fused one, and both peak memories. A pass of unlearn includes reading the original. Nothing else should run meanwhile.
"""

import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

from speed import RUNS, WORDS, own, peer

EXAMPLES = 16
METHODS = {
    "npo": ["--method", "npo", "--set", "retainTerm=kl"],
    "lora-npo": ["--method", "npo", "--set", "retainTerm=kl", "--set", "lora.rank=8"],
    "rmu": ["--method", "rmu"],
}
# What the peer has no counterpart of is kept small: the questions before and after.
QUIET = ["--set", "evaluation.samples=0", "--set", "epochs=1", "--set", "batchSize=4", "--set", "retainBatchSize=4"]


def write_examples(folder):
    """Prompts of 8 to 40 words with completions of 8 to 80: lengths differ as those of questions and answers do."""
    draw = random.Random(0)

    def text(least, most):
        return " ".join(draw.choice(WORDS) for _ in range(draw.randint(least, most)))

    for name in ["forget", "retain"]:
        rows = [json.dumps({"prompt": text(8, 40), "completion": " " + text(8, 80)}) for _ in range(EXAMPLES)]
        pathlib.Path(folder, f"{name}.jsonl").write_text("\n".join(rows) + "\n")


def pass_of(binary, model, job, folder, index):
    """Seconds of one pass, and the peak memory of the whole run in bytes."""
    run = pathlib.Path(folder, f"{job}-{index}")
    if job == "sft":
        result = own(
            binary, "train", "--model", model, "--data", f"{folder}/forget.jsonl", "--output", str(run), "--epochs", "1",
            "--batch-size", "4", "--set", "parameters=*", "--json")
        return result["trainSeconds"], result["peakMemoryBytes"]
    parameters = ["--set", "parameters=*"] if job == "npo" else []
    report = own(
        binary, "forget", "--model", model, "--forget", f"{folder}/forget.jsonl", "--retain", f"{folder}/retain.jsonl",
        *METHODS[job], *QUIET, *parameters, "--output", str(run), "--json")
    return report["seconds"]["forget"], report["peakMemoryBytes"]


def main():
    binary, model, *jobs = sys.argv[1:]
    print("| job | unlearn, s | PyTorch, s | ratio | with fused AdamW, s | ratio | memory, GB | PyTorch, GB | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        write_examples(folder)
        for job in jobs or [*METHODS, "sft"]:
            passes = [pass_of(binary, model, job, folder, index) for index in range(RUNS)]
            ours, memory = statistics.median(p[0] for p in passes), max(p[1] for p in passes)
            files = ["--forget", f"{folder}/forget.jsonl", "--retain", f"{folder}/retain.jsonl", "--job", job]
            usual, tuned = peer("language_epoch.py", model, *files), peer("language_epoch.py", model, *files, "--tuned")
            theirs = usual["peakMemoryBytes"]
            print(
                f"| {job} | {ours:.3g} | {usual['medianSeconds']:.3g} | {usual['medianSeconds'] / ours:.1f}× "
                f"| {tuned['medianSeconds']:.3g} | {tuned['medianSeconds'] / ours:.1f}× "
                f"| {memory / 1e9:.2f} | {theirs / 1e9:.2f} | {memory / theirs:.2f}× |", flush=True)


if __name__ == "__main__":
    main()
