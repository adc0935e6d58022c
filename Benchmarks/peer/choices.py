"""Multiple choice the usual way: one request for each option, the longest first, eight together with padding.

Usage: choices.py MODEL_DIR FOLDER [--batch-size 8] [--threads 2]

Reads the files that Benchmarks/suites.py puts into FOLDER and prints one line of JSON: for each task a row for each
question with the log-probability of each option, the option chosen and the right one; seconds of reading the model and
of asking it. Prompts and tokens are those of Tools/reference/harness.py.
"""

import json
import pathlib
import sys
import time

import torch
import transformers

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Tools" / "reference"))
import harness  # noqa: E402
import measure  # noqa: E402

READERS = {"ARC-Challenge-Test.jsonl": harness.arc, "piqa_valid.jsonl": harness.piqa}


def questions(folder):
    """(task, question) of all files."""
    tasks = {}
    for path in sorted(pathlib.Path(folder).iterdir()):
        if path.name in READERS:
            name = "piqa" if "piqa" in path.name else "arc_challenge"
            tasks[name] = READERS[path.name](path)
        elif path.suffix == ".csv":
            tasks["mmlu_" + path.stem.removesuffix("_test")] = harness.mmlu(path)
    return tasks


def log_likelihoods(model, requests, batch_size):
    """The sum of log p of each (context, continuation) in tokens."""
    results = [0.0] * len(requests)
    order = sorted(range(len(requests)), key=lambda index: -sum(map(len, requests[index])))
    for start in range(0, len(order), batch_size):
        batch = order[start:start + batch_size]
        rows = harness.log_likelihoods(model, [requests[index] for index in batch], model.config.max_position_embeddings)
        for index, (value, _, _) in zip(batch, rows):
            results[index] = value
    return results


def main():
    values = measure.options(
        __doc__.splitlines()[0], model={"positional": True}, folder={"positional": True},
        **{"batch-size": {"type": int, "default": 8}})
    start = time.perf_counter()
    tokenizer = transformers.AutoTokenizer.from_pretrained(values.model)
    model = transformers.AutoModelForCausalLM.from_pretrained(values.model, dtype=torch.float32).eval()
    loaded = time.perf_counter()
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False)
    tasks = questions(values.folder)
    asked = [question for rows in tasks.values() for question in rows]
    requests = [harness.encode_pair(encode, tokenizer.bos_token_id, *pair) for q in asked for pair in q.pairs]
    with torch.inference_mode():
        scores = iter(log_likelihoods(model, requests, values.batch_size))
    rows = {}
    for task, items in tasks.items():
        rows[task] = []
        for question in items:
            sums = [next(scores) for _ in question.pairs]
            by_length = [value / length for value, length in zip(sums, question.lengths)]
            rows[task].append({
                "logProbabilities": sums, "choice": sums.index(max(sums)),
                "choiceByLength": by_length.index(max(by_length)), "answer": question.answer})
    print(json.dumps({
        "name": "choices", "loadSeconds": loaded - start, "askSeconds": time.perf_counter() - loaded,
        "requests": len(requests), "torch": torch.__version__, "transformers": transformers.__version__, "tasks": rows}))


if __name__ == "__main__":
    main()
