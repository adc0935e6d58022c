"""Speed beside the usual way: unlearn and PyTorch with transformers do the same work, in turn, on the same machine.

Usage: PYTHONPATH=.libtorch .venv/bin/python Benchmarks/speed.py UNLEARN_BINARY MODEL.gguf MODEL_DIR

Prints a row for each job with both medians of five runs and their ratio. Nothing else should run meanwhile.
"""

import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 5
PEERS = pathlib.Path(__file__).parent / "peer"
# Words that are one token each in most vocabularies, so that lengths are exact.
WORDS = """time year people way day man thing woman life child world school state family student group country problem
hand part place case week company system program question work government number night point home water room mother area
money story fact month lot right study book eye job word business issue side kind head house service friend father power
hour game line end member law car city community name president team minute idea body information back parent face
level office door health person art war history party result change morning reason research girl guy moment air teacher
force education""".split()


def own(binary, *arguments):
    output = subprocess.run([binary, *arguments], check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def peer(script, *arguments):
    command = [sys.executable, str(PEERS / script), *arguments, "--repeats", str(RUNS)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output.strip().splitlines()[-1])


def load_seconds(binary, gguf):
    return [
        own(binary, "generate", "--model", gguf, "--prompt", "A", "--max-tokens", "1", "--json")["loadSeconds"]
        for _ in range(RUNS)
    ]


def tokens_per_second(binary, model):
    runs = [
        own(binary, "generate", "--model", model, "--prompt", "The history of the bicycle begins",
            "--max-tokens", "128", "--json")
        for _ in range(RUNS)
    ]
    return [run["tokens"] / run["seconds"] for run in runs]


def batch_tokens_per_second(binary, model, prompts):
    runs = [
        own(binary, "generate", "--model", model, "--prompts", prompts, "--max-tokens", "128", "--json")
        for _ in range(RUNS)
    ]
    return [run["tokens"] / run["seconds"] for run in runs]


def start_seconds(*command):
    """Wall-clock seconds of whole commands."""
    values = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        values.append(time.perf_counter() - start)
    return values


def step_seconds(binary, model):
    """NPO with a KL retain term on 4 + 4 examples of 96 tokens, the second half labelled."""
    draw = random.Random(0)

    def text(count):
        return " ".join(draw.choice(WORDS) for _ in range(count))

    with tempfile.TemporaryDirectory() as folder:
        for name in ["forget", "retain"]:
            rows = [json.dumps({"prompt": text(48), "completion": " " + text(48)}) for _ in range(16)]
            pathlib.Path(folder, f"{name}.jsonl").write_text("\n".join(rows) + "\n")
        run = pathlib.Path(folder, "run")
        own(binary, "forget", "--model", model, "--forget", f"{folder}/forget.jsonl", "--retain", f"{folder}/retain.jsonl",
            "--method", "npo", "--set", "retainTerm=kl", "--set", "steps=7", "--output", str(run), "--json")
        events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
        return [event["seconds"] for event in events][2:]


def main():
    binary, gguf, model = sys.argv[1:4]
    median = statistics.median

    def show(name, ours, theirs, ratio):
        print(f"| {name} | {ours:.3g} | {theirs:.3g} | {ratio:.1f}× |", flush=True)

    load, usual = median(load_seconds(binary, gguf)), peer("gguf_load.py", gguf)["medianSeconds"]
    show("GGUF load, seconds", load, usual, usual / load)
    rate, usual = median(tokens_per_second(binary, model)), peer("generate.py", model)["tokensPerSecond"]
    show("greedy generation, one prompt, tokens/s", rate, usual, rate / usual)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as prompts:
        prompts.write("".join(f"The history of the {noun} begins\n" for noun in WORDS[:16]))
        prompts.flush()
        rate = median(batch_tokens_per_second(binary, model, prompts.name))
        usual = peer("generate.py", model, "--prompts", prompts.name)["tokensPerSecond"]
    show("greedy generation, 16 prompts, tokens/s", rate, usual, rate / usual)
    step, usual = median(step_seconds(binary, model)), peer("forget_step.py", model)["medianSeconds"]
    show("forget step, seconds", step, usual, usual / step)
    usual = peer("forget_step.py", model, "--tuned")["medianSeconds"]
    show("forget step beside fused AdamW, seconds", step, usual, usual / step)
    print(f"`unlearn --help` {median(start_seconds(binary, '--help')):.3f} s")
    print(f"`unlearn inspect` {median(start_seconds(binary, 'inspect', model)):.3f} s")


if __name__ == "__main__":
    main()
