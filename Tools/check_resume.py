"""Kills runs of `unlearn forget` and `unlearn train` at random moments, resumes them, and compares the models.

Usage: check_resume.py BINARY MODEL [--kills 20] [--seed 0] [--command forget|train]

MODEL is a small model, such as stories260K.bin with its tokenizer beside it. Each command first runs undisturbed; then as
many runs as asked for are killed, by SIGKILL and SIGINT in turn, at a moment drawn from the whole length of that run, and
resumed until they end; every third of them is killed once more while it goes on. Each must end with the same weights to
the bit. Prints one line for each run; the exit code is 1 if any ended otherwise.
"""

import argparse
import hashlib
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

OPTIONS = ["--set", "checkpointSeconds=0", "--set", "steps=60", "--set", "learningRate=1e-3", "--threads", "1"]


def write_examples(folder):
    animals = ["dog", "cat", "bird", "frog", "bear", "fox", "duck", "fish", "horse", "cow", "pig", "bee"]
    for name, text in [
        ("forget.jsonl", "Lily and the {} saw a big red ball near the tree."),
        ("retain.jsonl", "The {} and Tom played a game in the sunny yard."),
    ]:
        rows = [json.dumps({"text": text.format(animal)}) + "\n" for animal in animals]
        (folder / name).write_text("".join(rows))


def arguments(command, model):
    if command == "forget":
        return [
            "forget", "--model", model, "--forget", "forget.jsonl", "--retain", "retain.jsonl", "--method", "npo",
            "--set", "study.answerTokens=4", *OPTIONS]
    return [
        "train", "--model", model, "--data", "forget.jsonl", "--batch-size", "2", "--accumulation", "2",
        "--validation-share", "0.25", "--patience", "50", *OPTIONS]


def start(binary, words, folder):
    return subprocess.Popen([binary, *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(process, what):
    _, error = process.communicate()
    if process.returncode:
        sys.exit(f"{what} ended with {process.returncode}: {error.decode().strip()}")


def interrupt(process, number, seconds):
    """Whether the process was still there to be killed."""
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        process.communicate()
        return True


def weights(folder):
    digest = hashlib.sha256()
    for path in sorted((folder / "run" / "model").glob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def stage(folder):
    """How far a run had come when it was killed."""
    run = folder / "run"
    if not (run / "run.json").exists():
        return "before run.json"
    events = run / "events.jsonl"
    steps = events.read_bytes().count(b"\n") if events.exists() else 0
    return f"after {steps} steps" + (", model saved" if (run / "model").exists() else "")


def check(binary, command, model, kills, seed, folder):
    words = arguments(command, model) + ["--output", "run"]
    begin = time.monotonic()
    finish(start(binary, words, folder), command)
    seconds = time.monotonic() - begin
    expected = weights(folder)
    print(f"{command}: {seconds:.1f} s undisturbed, weights {expected[:12]}", flush=True)
    generator = random.Random(f"{command} {seed}")
    done = failures = 0
    while done < kills:
        shutil.rmtree(folder / "run", ignore_errors=True)
        number = signal.SIGINT if done % 2 else signal.SIGKILL
        if not interrupt(start(binary, words, folder), number, generator.uniform(0, seconds)):
            continue
        places = [stage(folder)]
        again = words if places[0] == "before run.json" else ["resume", "run"]
        if done % 3 == 2 and again[0] == "resume":
            if interrupt(start(binary, again, folder), signal.SIGKILL, generator.uniform(0, seconds)):
                places.append(stage(folder))
        if not (folder / "run" / "finished").exists():
            finish(start(binary, again, folder), "resuming")
        done += 1
        isSame = weights(folder) == expected
        failures += not isSame
        print(f"{'ok    ' if isSame else 'FAILED'}  {done:2} {number.name} {', then '.join(places)}", flush=True)
    print(f"{command}: {done - failures} of {done} runs ended with the same weights", flush=True)
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--command", choices=["forget", "train"])
    options = parser.parse_args()
    failures = 0
    for command in [options.command] if options.command else ["forget", "train"]:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            write_examples(folder)
            failures += check(
                str(options.binary.resolve()), command, str(options.model.resolve()), options.kills, options.seed, folder)
    sys.exit(1 if failures else 0)


main()
