"""Writes Tests/Golden/whp-mean: the mean over several stand-ins of what the generic scores of "Who's Harry Potter" make
probable (arXiv 2310.02238, section 2, and 2407.16997), in NumPy, entry by entry, in double precision.
"""

import math

import numpy
import torch

import golden

ALPHA, PENALTY, TARGETS, VOCABULARY = 5.0, 5.0, 5, 16
# For each of three stand-ins: the tokens that appeared before each labelled token.
APPEARED = [[[], [], [3, 7], [3, 7], [3, 7]], [[], [], [4], [4], [4]], [[], [], [9, 2], [9, 2], [9, 2]]]


def main():
    random = numpy.random.default_rng(23)
    reinforced, *bases = (random.normal(size=(TARGETS, VOCABULARY)).astype("f") * 2 for _ in range(1 + len(APPEARED)))
    mean = numpy.zeros((TARGETS, VOCABULARY))
    for base, appeared in zip(bases, APPEARED):
        for row in range(TARGETS):
            scores = []
            for token in range(VOCABULARY):
                own = float(base[row, token])
                score = own - ALPHA * max(0.0, float(reinforced[row, token]) - own)
                scores.append(score - (PENALTY if token in appeared[row] else 0))
            weights = [math.exp(score - max(scores)) for score in scores]
            mean[row] += numpy.array(weights) / sum(weights) / len(APPEARED)
    ranked = numpy.sort(mean, axis=1)
    assert (ranked[:, -1] - ranked[:, -2]).min() > 1e-3, "a label is too close to call"
    tensors = {"reinforced": reinforced, "probabilities": mean, "best": mean.argmax(axis=1)}
    tensors |= {f"base{copy}": base for copy, base in enumerate(bases)}
    golden.write_tensors(
        golden.FOLDER / "whp-mean" / "golden.safetensors",
        {f"whp-mean.{name}": torch.tensor(value) for name, value in tensors.items()})
    golden.write_json(golden.FOLDER / "whp-mean" / "golden.json", {
        "source": "Tools/reference/whp_mean_golden.py", "versions": golden.versions() | {"numpy": numpy.__version__},
        "alpha": ALPHA, "penalty": PENALTY, "appeared": APPEARED})


if __name__ == "__main__":
    main()
