"""The arithmetic of lm-evaluation-harness 0.4 with transformers alone: prompts of its tasks without examples, tokens,
log-likelihoods, accuracies and their errors. Independent of the Swift code that the golden files check."""

import csv
import json
import math
import pathlib
import re

import numpy
import torch


class Question:
    """Pairs (context, continuation), the options' lengths in characters and the right option."""

    def __init__(self, pairs, lengths, answer):
        self.pairs, self.lengths, self.answer = pairs, lengths, answer


def rows(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text().splitlines() if line.strip()]


def options(context, choices, answer):
    return Question([(context, " " + choice) for choice in choices], [len(choice) for choice in choices], answer)


def stems(path, template):
    questions = []
    for row in rows(path):
        if isinstance(row["question"], dict):
            stem, choices = row["question"]["stem"], row["question"]["choices"]
            texts, labels = [c["text"] for c in choices], [c["label"] for c in choices]
        else:
            stem, texts, labels = row["question"], row["choices"]["text"], row["choices"]["label"]
        questions.append(options(template.format(stem), texts, labels.index(row["answerKey"])))
    return questions


def arc(path):
    return stems(path, "Question: {}\nAnswer:")


def openbookqa(path):
    return stems(path, "{}")


def piqa(path):
    labels = pathlib.Path(path).with_suffix("").as_posix() + "-labels.lst"
    answers = [int(line) for line in pathlib.Path(labels).read_text().split()]
    return [
        options(f"Question: {row['goal']}\nAnswer:", [row["sol1"], row["sol2"]], answer)
        for row, answer in zip(rows(path), answers, strict=True)
    ]


def hellaswag(path):
    def cleaned(text):
        text = text.strip().replace(" [title]", ". ")
        return re.sub("\\[.*?\\]", "", text).replace("  ", " ")

    return [
        options(
            cleaned(f"{row['activity_label']}: {row['ctx_a']} {row['ctx_b'].capitalize()}"),
            [cleaned(ending) for ending in row["endings"]], int(row["label"]))
        for row in rows(path)
    ]


def boolq(path):
    return [
        options(
            f"{row['passage']}\nQuestion: {row['question']}?\nAnswer:", ["no", "yes"],
            int(row["answer"] if "answer" in row else row["label"]))
        for row in rows(path)
    ]


def winogrande(path):
    questions = []
    for row in rows(path):
        gap = row["sentence"].index("_")
        rest = " " + row["sentence"][gap + 1:].strip()
        choices = [row["option1"], row["option2"]]
        pairs = [(row["sentence"][:gap] + choice, rest) for choice in choices]
        questions.append(Question(pairs, [len(choice) for choice in choices], int(row["answer"]) - 1))
    return questions


def mmlu(path):
    subject = pathlib.Path(path).stem.removesuffix("_test").replace("_", " ")
    questions = []
    with open(path, newline="") as file:
        for cells in csv.reader(file):
            if cells[0] == "question" and cells[-1] == "answer":
                continue
            question, *choices, answer = cells
            context = f"The following are multiple choice questions (with answers) about {subject}.\n\n{question.strip()}\n"
            context += "".join(f"{letter}. {choice}\n" for letter, choice in zip("ABCD", choices)) + "Answer:"
            index = "ABCD".index(answer) if answer in "ABCD" else int(answer)
            questions.append(options(context, list("ABCD"), index))
    return questions


def encode_pair(encode, beginning, context, continuation):
    """Token ids of context and continuation; white space at the context's end belongs to the continuation."""
    spaces = len(context) - len(context.rstrip())
    if spaces > 0:
        context, continuation = context[:-spaces], context[-spaces:] + continuation
    if context == "":
        return [beginning], encode(continuation)
    whole, before = encode(context + continuation), encode(context)
    return before, whole[len(before):]


def log_likelihoods(model, pairs, most):
    """(sum of log p, whether greedy, tokens) of each (context, continuation) in ids, in one right-padded batch."""
    inputs = [(before + after)[-(most + 1):][:-1] for before, after in pairs]
    longest = max(map(len, inputs))
    padded = torch.tensor([ids + [0] * (longest - len(ids)) for ids in inputs])
    logits = torch.log_softmax(model(input_ids=padded).logits, dim=-1)
    results = []
    for row, ids, (_, after) in zip(logits, inputs, pairs):
        part, targets = row[len(ids) - len(after):len(ids)], torch.tensor(after)
        values = part.gather(1, targets[:, None])[:, 0]
        results.append((float(values.sum()), bool((part.argmax(-1) == targets).all()), len(after)))
    return results


def answer(model, encode, beginning, most, question):
    """What the model makes of one question, its options in one batch. Options that differ in their one token alone are
    read together, as the harness does."""
    pairs = [encode_pair(encode, beginning, *pair) for pair in question.pairs]
    if len({tuple(before) for before, _ in pairs}) == 1 and all(len(after) == 1 for _, after in pairs):
        logits = torch.log_softmax(model(input_ids=torch.tensor([pairs[0][0][-most:]])).logits[0, -1], dim=-1)
        best = int(logits.argmax())
        results = [(float(logits[after[0]]), best == after[0], 1) for _, after in pairs]
    else:
        results = log_likelihoods(model, pairs, most)
    sums = [result[0] for result in results]
    return {
        "logProbabilities": sums,
        "greedy": [result[1] for result in results],
        "tokens": [result[2] for result in results],
        "choice": int(numpy.argmax(sums)),
        "choiceByLength": int(numpy.argmax(numpy.array(sums) / numpy.array(question.lengths, dtype=float))),
        "answer": question.answer,
    }


def accuracy(answers, key="choice"):
    """The share of right answers and the standard error of it as the harness states them."""
    hits = [float(answer[key] == answer["answer"]) for answer in answers]
    mean = sum(hits) / len(hits)
    if len(hits) < 2:
        return mean, None
    return mean, math.sqrt(sum((hit - mean) ** 2 for hit in hits) / (len(hits) - 1)) / math.sqrt(len(hits))


def pooled_error(errors, sizes):
    """Of a group of tasks."""
    variance = sum((n - 1) * e * e * n for e, n in zip(errors, sizes)) / (sum(sizes) - len(sizes))
    return math.sqrt(variance / sum(sizes))


def rolling(model, ids, beginning, window, stride):
    """log p of each token of a text: in the first window all, in each later one the last `stride` ones."""
    tokens, values, known = [beginning] + ids, [], 1
    while known < len(tokens):
        end = min(len(tokens), known + (window if known == 1 else stride))
        part = tokens[max(0, end - window - 1):end]
        rows = torch.log_softmax(model(input_ids=torch.tensor([part[:-1]])).logits[0], dim=-1)
        targets = torch.tensor(part[1:])
        values += rows.gather(1, targets[:, None])[:, 0].tolist()[-(end - known):]
        known = end
    return values
