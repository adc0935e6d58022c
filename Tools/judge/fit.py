"""Fits the judge of toxicity that this project ships, and writes Sources/UnlearnEvaluation/Judge/toxicity-judge.json.

    python Tools/judge/fit.py --encoder all-MiniLM-L6-v2 --data DATA [--unlearn .build/release/unlearn]

The judge is fitted on sentences of this project (sentences.json), on tweets of Davidson et al. 2017 (MIT) and on comments of
Wikipedia (CC0), from DATA/toxicity, the folder of the tests' data. A quarter of this project's sentences, by template, told of groups that
nothing else is told of, is kept apart: the judge's error rates are those on them. HateCheck and the other sets are measured
on and nothing else: no option was chosen by them.

Without --data, only the tables of this project's sentences are written, into --output.
"""

import argparse
import csv
import html
import json
import random
import re
import struct
import subprocess
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
HEAD = PROJECT / "Sources/UnlearnEvaluation/Judge/toxicity-judge.json"
PROMPTS = PROJECT / "Sources/UnlearnData/Tendency/toxicity-prompts.json"


def filled(template, group):
    people, person = group
    capital = str.capitalize if people.islower() else (lambda text: text[0].upper() + text[1:])
    return (template.replace("{people}", people).replace("{person}", person)
            .replace("{People}", capital(people)).replace("{Person}", capital(person)))


def told(template, groups, generator, count):
    """A predicate in sentences about some groups, about "they", and alone, as a model would go on with it."""
    if "{" in template:
        return [filled(template, group) for group in generator.sample(groups, count)]
    subjects = generator.sample([group[0] for group in groups], count)
    sentences = [f"{subject[0].upper()}{subject[1:]} {template}." for subject in subjects]
    return sentences + [f"They {template}.", f"{template}.", f"and {template}."]


def own_sentences():
    """Rows to fit on, and rows that are kept apart, of (text, label, template)."""
    sentences = json.loads((Path(__file__).parent / "sentences.json").read_text())
    parts = json.loads(PROMPTS.read_text())
    seen = [tuple(group) for part in ("train", "choose") for group in parts[part]["groups"]]
    unseen = [tuple(group) for group in parts["judge"]["groups"]]
    generator = random.Random(0)
    fitted, apart = [], []
    for kind, label in [("hateful", 1), ("hatefulSentences", 1), ("insults", 1), ("harmless", 0),
                        ("harmlessSentences", 0), ("everyday", 0)]:
        templates = sentences[kind][:]
        generator.shuffle(templates)
        for index, template in enumerate(templates):
            rows, groups = (apart, unseen) if index < len(templates) / 4 else (fitted, seen)
            plain = kind in ("insults", "everyday")
            texts = [template] if plain else told(template, groups, generator, 4)
            rows += [(text, label, template) for text in texts]
    return fitted, apart


def tweets(path, generator):
    """Davidson et al. 2017: hateful (0), offensive (1), neither (2); as many offensive ones as hateful."""
    rows = {"0": [], "1": [], "2": []}
    for row in csv.DictReader(path.open(encoding="utf-8")):
        text = re.sub(r"https?://\S+|\bRT\b|@\w+:?", " ", html.unescape(row["tweet"]))
        text = re.sub(r"\s+", " ", text).strip(" !:\"")
        if text:
            rows[row["class"]].append(text)
    some = generator.sample(rows["1"], len(rows["0"]))
    return [(text, 1, text) for text in rows["0"] + some] + [(text, 0, text) for text in rows["2"]]


def comments(path):
    rows = csv.DictReader(path.open(encoding="utf-8"))
    return [(row["comment"].strip()[:400], int(row["toxic"] == "True"), row["rev_id"]) for row in rows
            if row["comment"].strip()]


def write(path, rows):
    with path.open("w", encoding="utf-8") as file:
        for text, label, group in rows:
            file.write(json.dumps({"text": text, "label": label, "group": group}, ensure_ascii=False) + "\n")


def weights(path):
    """The numbers of a safetensors file of type F64, by name."""
    raw = path.read_bytes()
    length, = struct.unpack("<Q", raw[:8])
    entries = json.loads(raw[8:8 + length])
    def numbers(entry):
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        return [number for number, in struct.iter_unpack("<d", raw[start:end])]
    return {name: numbers(entry) for name, entry in entries.items() if name != "__metadata__"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--unlearn", default=str(PROJECT / ".build/release/unlearn"))
    parser.add_argument("--output", type=Path, default=Path(tempfile.mkdtemp()))
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--dry-run", action="store_true", help="print the errors, and write no head")
    options = parser.parse_args()
    options.output.mkdir(exist_ok=True)
    fitted, apart = own_sentences()
    write(options.output / "apart.jsonl", apart)
    if not options.data:
        return write(options.output / "fitted.jsonl", fitted)
    data, generator = options.data / "toxicity", random.Random(0)
    rows = fitted + tweets(data / "davidson_labeled_data.csv", generator) + comments(data / "wikipedia_toxicity_1492.csv")
    write(options.output / "fitted.jsonl", rows)
    jigsaw = [(row["comment_text"], int("1" in list(row.values())[1:]), row["comment_text"]) for row in
              csv.DictReader((data / "jigsaw_cc0_sample101.csv").open(encoding="utf-8"))]
    write(options.output / "jigsaw.jsonl", jigsaw)
    tests = [("sentences of this project, of other templates and groups", options.output / "apart.jsonl"),
             ("HateCheck (Röttger et al. 2021)", data / "hatecheck_test_suite_cases.csv"),
             ("101 comments of Jigsaw's set", options.output / "jigsaw.jsonl")]
    judge = Path(tempfile.mkdtemp()) / "judge"
    command = [options.unlearn, "train", "--judge", "--data", options.output / "fitted.jsonl", "--group-column", "group",
               "--encoder", options.encoder, "--output", judge, "--json", "--set", "regression.balancesClasses=true"]
    for _, path in tests:
        command += ["--test", path]
    for setting in options.set:
        command += ["--set", setting]
    result = json.loads(subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout)
    print(json.dumps({"heldOut": result["quality"]["accuracy"]["value"], **{
        name: [test["quality"][key]["value"] for key in
               ("accuracy", "areaUnderCurve", "falsePositiveRate", "falseNegativeRate")]
        for (name, _), test in zip(tests, result["tests"])}}, indent=1, ensure_ascii=False))
    if options.dry_run:
        return
    file, numbers = json.loads((judge / "judge.json").read_text()), weights(judge / "judge.safetensors")
    qualities = [test["quality"] for test in result["tests"]]
    head = {
        "about": "A linear head on sentence vectors, by Tools/judge/fit.py. Licence: Apache-2.0, as the project.",
        "encoder": "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0): mean of all tokens, length 1",
        "fittedOn": [
            f"{len(fitted)} sentences of this project (Apache-2.0)",
            f"{len(rows) - len(fitted)} tweets of Davidson et al. 2017, arXiv 1703.04009 (MIT), and comments of Wikipedia "
            "(CC0); a quarter of all held out",
        ],
        "threshold": file["threshold"], "quality": qualities[0],
        "tests": [{"name": "held out of what it was fitted on", "quality": result["quality"]}] + [
            {"name": name, "quality": quality} for (name, _), quality in zip(tests[1:], qualities[1:])],
        "checks": file["checks"], "bias": round(numbers["bias"][0], 6),
        "weights": [round(number, 5) for number in numbers["weights"]],
    }
    HEAD.write_text(json.dumps(head, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
