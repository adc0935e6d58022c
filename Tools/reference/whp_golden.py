"""Writes Tests/Golden/whp: the generic scores of "Who's Harry Potter" and the labels they make, in NumPy, entry by entry,
from section 2 of the paper (arXiv 2310.02238).
"""

import numpy
import torch

import golden

ALPHA, PENALTY, TARGETS, VOCABULARY = 5.0, 5.0, 6, 20
# The tokens of stand-ins that appeared before each labelled token.
APPEARED = [[], [], [3, 7], [3, 7], [3, 7, 11], [3, 7, 11]]


def main():
    random = numpy.random.default_rng(11)
    base, reinforced = (random.normal(size=(TARGETS, VOCABULARY)).astype("f") * 3 for _ in range(2))
    scores = numpy.empty_like(base)
    for row in range(TARGETS):
        for token in range(VOCABULARY):
            excess = reinforced[row, token] - base[row, token]
            scores[row, token] = base[row, token] - (ALPHA * excess if excess > 0 else 0)
            if token in APPEARED[row]:
                scores[row, token] -= PENALTY
    golden.write_tensors(golden.FOLDER / "whp" / "golden.safetensors", {
        f"whp.{name}": torch.tensor(value) for name, value in {
            "base": base, "reinforced": reinforced, "scores": scores, "best": scores.argmax(axis=1)}.items()})
    golden.write_json(golden.FOLDER / "whp" / "golden.json", {
        "source": "Tools/reference/whp_golden.py", "versions": golden.versions() | {"numpy": numpy.__version__},
        "alpha": ALPHA, "penalty": PENALTY, "appeared": APPEARED})


if __name__ == "__main__":
    main()
