"""Writes Tests/Golden/weight-methods: what methods make of weights that work on the change of a training.

A second implementation: task vectors with torch's AdamW on a tiny Llama of transformers; TIES in NumPy on flat arrays,
from the paper's algorithm.
"""

import numpy
import torch

import golden
from llama_golden import open_checkpoint
from methods_golden import FORGET, losses

TRAINING = {"learningRate": 1e-3, "steps": 3, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8, "scale": 0.7}
EXTRAPOLATION = 1.25
TIES = {"density": 0.2, "models": 3, "shape": [6, 10]}
SPUNGE = {"density": 0.25, "rank": 2, "alpha": 3.0, "out": 6, "in": 8, "parts": 3, "scale": 1.5}


def learnt(model):
    """Three steps on the mean cross-entropy of all labelled tokens at once."""
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=TRAINING["learningRate"], betas=(TRAINING["beta1"], TRAINING["beta2"]),
        eps=TRAINING["epsilon"], weight_decay=0.0)
    for _ in range(TRAINING["steps"]):
        optimizer.zero_grad()
        torch.cat(losses(model, FORGET)).mean().backward()
        optimizer.step()
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def merge(changes, density):
    """TIES of flat arrays, entry by entry."""
    kept = []
    for change in changes:
        count = max(1, round(density * change.size))
        chosen = numpy.argsort(-numpy.abs(change), kind="stable")[:count]
        trimmed = numpy.zeros_like(change)
        trimmed[chosen] = change[chosen]
        kept.append(trimmed)
    merged = numpy.zeros_like(kept[0])
    for place in range(merged.size):
        values = [change[place] for change in kept]
        sign = numpy.sign(sum(values))
        agreeing = [value for value in values if value != 0 and numpy.sign(value) == sign]
        merged[place] = numpy.mean(agreeing) if agreeing else 0
    return merged


def main():
    folder = golden.FOLDER / "weight-methods"
    reference = golden.FOLDER / "methods" / "reference"
    start = {name: parameter.detach().clone() for name, parameter in open_checkpoint(reference).named_parameters()}
    end = learnt(open_checkpoint(reference))
    tensors = {
        f"task-vector.{name}": start[name] - TRAINING["scale"] * (end[name] - start[name]) for name in start}
    tensors |= {
        f"extrapolation.{name}": start[name] + EXTRAPOLATION * (end[name] - start[name]) for name in start}

    random = numpy.random.default_rng(7)
    changes = random.normal(size=[TIES["models"], *TIES["shape"]]).astype(numpy.float32)
    merged = merge([change.reshape(-1) for change in changes], TIES["density"]).reshape(TIES["shape"])
    tensors |= {"ties.changes": torch.from_numpy(changes), "ties.merged": torch.from_numpy(merged)}

    parts, rank = SPUNGE["parts"], SPUNGE["rank"]
    down = random.normal(size=[parts, rank, SPUNGE["in"]]).astype(numpy.float32)
    up = random.normal(size=[parts, SPUNGE["out"], rank]).astype(numpy.float32)
    products = [(SPUNGE["alpha"] / rank) * (up[part] @ down[part]) for part in range(parts)]
    flat = merge([product.reshape(-1) for product in products], SPUNGE["density"])
    tensors |= {
        "spunge.down": torch.from_numpy(down), "spunge.up": torch.from_numpy(up),
        "spunge.merged": torch.from_numpy(flat.reshape(SPUNGE["out"], SPUNGE["in"])),
    }
    golden.write_tensors(folder / "golden.safetensors", tensors)
    golden.write_json(folder / "golden.json", {
        "source": "Tools/reference/weight_methods_golden.py",
        "versions": golden.versions() | {"numpy": numpy.__version__},
        "training": TRAINING,
        "extrapolation": EXTRAPOLATION,
        "ties": TIES,
        "spunge": SPUNGE,
    })


if __name__ == "__main__":
    main()
