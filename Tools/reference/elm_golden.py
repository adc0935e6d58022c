"""Writes Tests/Golden/elm: the targets of erasure of language memory (arXiv 2410.02760, section 4) and their cross-entropy,
row by row in NumPy, and greedy text guided from one context to another, with transformers' own models read anew for
every token.
"""

import numpy
import torch
import transformers

import golden

TARGETS, VOCABULARY, TOP, TEMPERATURE, FIRST, LAST = 6, 30, 4, 1.2, 1.0, 1000.0
STRENGTH, LENGTH = 3.0, 10
# Readings of different lengths: by itself, behind what is followed, behind what is shunned.
PROMPTS = [
    ([5, 9, 33], [40, 41, 42, 5, 9, 33], [50, 51, 5, 9, 33]),
    ([7], [11, 12, 7], [13, 14, 15, 16, 7]),
    ([20, 21, 22, 23, 24], [1, 20, 21, 22, 23, 24], [2, 3, 20, 21, 22, 23, 24]),
]


def log_softmax(row):
    row = row.astype(numpy.float64)
    return row - row.max() - numpy.log(numpy.exp(row - row.max()).sum())


def targets(original, novice, expert):
    """Per row the TOP tokens and their probabilities, the most probable one first."""
    tokens, probabilities = [], []
    for row in range(TARGETS):
        strength = FIRST + (LAST - FIRST) * row / (TARGETS - 1)
        logs = [log_softmax(scores[row] / numpy.float64(TEMPERATURE)) for scores in (original, novice, expert)]
        edited = logs[0] + strength * (logs[1] - logs[2])
        best = sorted(range(VOCABULARY), key=lambda token: -edited[token])[:TOP]
        weights = numpy.exp(edited[best] - edited[best[0]])
        tokens.append(best)
        probabilities.append(weights / weights.sum())
    return numpy.array(tokens), numpy.array(probabilities)


def guided(model, plain, followed, shunned):
    """Greedy tokens, and the smallest distance between the best and the second best of them."""
    written, margin = [], numpy.inf
    for _ in range(LENGTH):
        logs = [
            torch.log_softmax(model(input_ids=torch.tensor([ids + written])).logits[0, -1].double(), dim=-1)
            for ids in (plain, followed, shunned)]
        best = torch.topk(logs[0] + STRENGTH * (logs[1] - logs[2]), 2)
        margin = min(margin, float(best.values[0] - best.values[1]))
        written.append(int(best.indices[0]))
    return written, margin


def main():
    random = numpy.random.default_rng(17)
    original, novice, expert, model_scores = (
        random.normal(size=(TARGETS, VOCABULARY)).astype("f") * 2 for _ in range(4))
    tokens, probabilities = targets(original, novice, expert)
    log_q = numpy.stack([log_softmax(row) for row in model_scores])
    cross_entropy = -(probabilities * numpy.take_along_axis(log_q, tokens, axis=1)).sum(axis=1).mean()
    golden.write_tensors(golden.FOLDER / "elm" / "golden.safetensors", {
        f"elm.{name}": torch.tensor(value) for name, value in {
            "original": original, "novice": novice, "expert": expert, "model": model_scores, "tokens": tokens,
            "probabilities": probabilities}.items()})
    model = transformers.AutoModelForCausalLM.from_pretrained(golden.FOLDER / "methods" / "reference").eval()
    with torch.no_grad():
        texts = [guided(model, *prompt) for prompt in PROMPTS]
    assert min(margin for _, margin in texts) > 1e-4, f"a choice is too close to call: {texts}"
    golden.write_json(golden.FOLDER / "elm" / "golden.json", {
        "source": "Tools/reference/elm_golden.py", "versions": golden.versions() | {"numpy": numpy.__version__},
        "top": TOP, "temperature": TEMPERATURE, "firstStrength": FIRST, "lastStrength": LAST,
        "crossEntropy": float(cross_entropy), "strength": STRENGTH, "prompts": PROMPTS,
        "texts": [text for text, _ in texts]})


if __name__ == "__main__":
    main()
