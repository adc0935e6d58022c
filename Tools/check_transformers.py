"""Checks that transformers opens a directory that unlearn wrote, and that both compute the same.

Usage: check_transformers.py MODEL_DIR [--adapter ADAPTER_DIR] [--logits Tests/Golden/smollm2.json] [--unlearn BINARY]

Always: the model and the tokenizer open, and no weight is missing, unexpected or not finite.
--adapter  PEFT opens the adapter that unlearn wrote for the model, and everything below is checked with it.
--logits   the next-token logits of the file's prompts agree, within 1e-3.
--unlearn  the greedy text of `unlearn generate --json` is equal, and the log-probabilities of `unlearn score` agree
           within 1e-3 for each token.
Prints one line for each check; the exit code is 1 if any failed.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import safetensors.torch
import torch
import transformers

from checks import Checks

TOLERANCE = 1e-3
TOKENS = 32
PROMPTS = ["The capital of France is", "Water boils at", "Once upon a time, there was a"]
QUESTIONS = ["Who is Harry Potter?", "Why is the sky blue?"]
TEXTS = [
    "The train left the station at noon, and by evening it had crossed the mountains.",
    "To make bread you need flour, water, salt, yeast and some patience.",
    "def area(radius):\n    return 3.14159 * radius ** 2\n",
]


def open_model(folder, checks):
    model, info = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True)
    problems = {key: sorted(map(str, info[key])) for key in ("missing_keys", "unexpected_keys", "mismatched_keys")}
    problems = {key: names for key, names in problems.items() if names}
    checks.record("every weight is expected and present", not problems, str(problems) if problems else "")
    broken = [name for name, value in model.named_parameters() if not value.isfinite().all()]
    checks.record("every weight is finite", not broken, ", ".join(broken[:3]))
    return model.eval()


def open_adapter(model, folder, checks):
    import peft

    stored = set(safetensors.torch.load_file(folder / "adapter_model.safetensors"))
    adapted = peft.PeftModel.from_pretrained(model, folder)
    expected = set(peft.get_peft_model_state_dict(adapted))
    checks.record("the adapter's tensors are those that PEFT expects", stored == expected, f"{len(stored)} tensors")
    return adapted.eval()


def logits(model, ids):
    with torch.inference_mode():
        return model(input_ids=torch.tensor([ids])).logits[0]


def check_logits(model, tokenizer, path, checks):
    for prompt in json.loads(path.read_text())["prompts"]:
        ids = tokenizer(prompt["text"])["input_ids"]
        checks.record(f"ids of {prompt['text']!r}", ids == prompt["ids"], "" if ids == prompt["ids"] else str(ids))
        row = logits(model, prompt["ids"])[-1]
        largest = (row[prompt["nextIDs"]] - torch.tensor(prompt["nextLogits"])).abs().max().item()
        checks.record(f"logits after {prompt['text']!r}", largest <= TOLERANCE, f"largest difference {largest:.2e}")


def run(command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"'{' '.join(map(str, command))}' ended with code {result.returncode}: {result.stderr.strip()}")
    return result.stdout


def greedy(model, tokenizer, text):
    ids = tokenizer(text, add_special_tokens=True)["input_ids"]
    with torch.inference_mode():
        output = model.generate(
            torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long), do_sample=False,
            max_new_tokens=TOKENS, repetition_penalty=1.0)
    return tokenizer.decode(output[0, len(ids):], skip_special_tokens=True)


def check_generation(model, tokenizer, folder, unlearn, checks):
    for prompt, chat in [(text, False) for text in PROMPTS] + [(text, True) for text in QUESTIONS]:
        command = [unlearn, "generate", "--model", folder, "--prompt", prompt, "--max-tokens", str(TOKENS),
                   "--temperature", "0", "--json"] + (["--chat"] if chat else [])
        ours = json.loads(run(command))["text"]
        messages = [{"role": "user", "content": prompt}]
        text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False) if chat else prompt
        theirs = greedy(model, tokenizer, text)
        same = ours.strip() == theirs.strip()
        detail = "" if same else f"unlearn {ours!r}, transformers {theirs!r}"
        checks.record(f"greedy text after {prompt!r}", same, detail)


def check_scores(model, tokenizer, folder, unlearn, checks):
    with tempfile.TemporaryDirectory() as temporary:
        data, output = pathlib.Path(temporary, "texts.jsonl"), pathlib.Path(temporary, "scores.jsonl")
        data.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
        run([unlearn, "score", "--model", folder, "--data", data, "--output", output])
        rows = [json.loads(line) for line in output.read_text().splitlines()]
    checks.record("one score for each text", len(rows) == len(TEXTS), f"{len(rows)} of {len(TEXTS)}")
    for text, row in zip(TEXTS, rows):
        ids = tokenizer(text)["input_ids"]
        rows_of_text = torch.log_softmax(logits(model, ids)[:-1].double(), dim=-1)
        total = rows_of_text.gather(1, torch.tensor(ids[1:])[:, None]).sum().item()
        counted = row["tokens"] == len(ids) - 1
        checks.record(f"scored tokens of {text[:24]!r}", counted, f"{row['tokens']}, transformers {len(ids) - 1}")
        difference = abs(row["logProbability"] - total) / max(len(ids) - 1, 1)
        checks.record(f"score of {text[:24]!r}", difference <= TOLERANCE, f"{difference:.2e} nats for each token")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--adapter", type=pathlib.Path)
    parser.add_argument("--logits", type=pathlib.Path)
    parser.add_argument("--unlearn", type=pathlib.Path)
    chosen = parser.parse_args()
    if not (chosen.model / "config.json").exists():
        parser.error(f"{chosen.model} has no config.json: give a model directory that unlearn wrote")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()

    checks = Checks()
    model = open_model(chosen.model, checks)
    tokenizer = transformers.AutoTokenizer.from_pretrained(chosen.model)
    folder = chosen.adapter or chosen.model
    if chosen.adapter:
        model = open_adapter(model, chosen.adapter, checks)
    if chosen.logits:
        check_logits(model, tokenizer, chosen.logits, checks)
    if chosen.unlearn:
        check_generation(model, tokenizer, folder, chosen.unlearn.resolve(), checks)
        check_scores(model, tokenizer, folder, chosen.unlearn.resolve(), checks)
    sys.exit(1 if checks.failures else 0)


if __name__ == "__main__":
    main()
