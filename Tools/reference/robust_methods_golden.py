"""Writes Tests/Golden/robust-methods: whole runs of methods whose result is to hold, on a tiny Llama of transformers.

A second implementation, from the papers' formulas: UNDO (Lee et al. 2025) after three steps of NPO, and the single-shot
form of RepSelect (arXiv 2606.17168), whose singular vectors are NumPy's.
"""

import numpy
import torch

import golden
from llama_golden import open_checkpoint
from methods_golden import BETA, FORGET, RETAIN, divergences, losses, reference_rows
from splitmix64 import SplitMix64

TRAINING = {"learningRate": 1e-3, "steps": 3, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8}
UNDO = {"noise": 0.05, "steps": 3, "learningRate": 1e-3, "seed": 0}
REPSELECT = {
    "rank": 2, "alpha": 4.0, "epochs": 3, "relearningRate": 1e-2, "components": 4, "retainComponents": 2,
    "rate": 0.05, "steps": 5, "seed": 0}
MATRICES = ("mlp.gate_proj.weight", "mlp.up_proj.weight", "mlp.down_proj.weight")


def adam(parameters, rate):
    return torch.optim.AdamW(
        parameters, lr=rate, betas=(TRAINING["beta1"], TRAINING["beta2"]), eps=TRAINING["epsilon"], weight_decay=0.0)


def values_of(model):
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def undo(folder):
    model = open_checkpoint(folder)
    with torch.no_grad():
        before = torch.stack([-part.sum() for part in losses(model, FORGET)])
    optimizer = adam(model.parameters(), TRAINING["learningRate"])
    for _ in range(TRAINING["steps"]):
        optimizer.zero_grad()
        sums = torch.stack([-part.sum() for part in losses(model, FORGET)])
        forget = -(2 / BETA) * torch.nn.functional.logsigmoid(-BETA * (sums - before)).mean()
        (forget + torch.cat(losses(model, RETAIN)).mean()).backward()
        optimizer.step()
    unlearned = values_of(model)
    teacher = reference_rows(model, RETAIN)
    share = UNDO["noise"]
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                noise = SplitMix64(UNDO["seed"], f"undo {name}").normals(parameter.shape)
                deviation = parameter.square().mean().sqrt()
                parameter.copy_((1 - share) * parameter + share * deviation * noise)
    disturbed = values_of(model)
    optimizer = adam(model.parameters(), UNDO["learningRate"])
    terms = []
    for _ in range(UNDO["steps"]):
        optimizer.zero_grad()
        repair = torch.cat(divergences(teacher, model, RETAIN)).mean()
        terms.append(repair.item())
        repair.backward()
        optimizer.step()
    return unlearned, disturbed, values_of(model), terms


def relearned(model, names):
    """The additions s·BA to the matrices, after the forget set was learnt once more."""
    scale = REPSELECT["alpha"] / REPSELECT["rank"]
    weights = values_of(model)
    downs, ups = {}, {}
    for name in names:
        rows, columns = weights[name].shape
        draw = SplitMix64(REPSELECT["seed"], f"lora {name}")
        entries = [2 * draw.uniform() - 1 for _ in range(REPSELECT["rank"] * columns)]
        downs[name] = (torch.tensor(entries) * columns**-0.5).reshape(REPSELECT["rank"], columns).requires_grad_()
        ups[name] = torch.zeros(rows, REPSELECT["rank"], requires_grad=True)
    optimizer = adam([matrix for name in names for matrix in (downs[name], ups[name])], REPSELECT["relearningRate"])
    for _ in range(REPSELECT["epochs"]):
        optimizer.zero_grad()
        added = {name: weights[name] + scale * ups[name] @ downs[name] for name in names}
        mean_loss(model, added, FORGET).backward()
        optimizer.step()
    return {name: (scale * ups[name] @ downs[name]).detach() for name in names}


class Replaced(torch.nn.Module):
    """A model some of whose weights are others, for the code that calls it with input_ids."""

    def __init__(self, model, weights):
        super().__init__()
        self.held, self.weights = [model], weights

    def forward(self, input_ids):
        return torch.func.functional_call(self.held[0], self.weights, kwargs={"input_ids": input_ids})


def mean_loss(model, weights, items):
    return torch.cat(losses(Replaced(model, weights), items)).mean()


def likelihood_gradients(model, added, items):
    own = values_of(model)
    weights = {name: (own[name] + change).requires_grad_() for name, change in added.items()}
    mean = -mean_loss(model, weights, items)
    return dict(zip(weights, torch.autograd.grad(mean, list(weights.values()))))


def filtered(gradient, retain, components, retain_components):
    """Each of the largest components divided by σ / σ_min on both sides, and the retain set's taken out on both."""
    gradient, retain = gradient.numpy().astype(numpy.float64), retain.numpy().astype(numpy.float64)
    u, s, vt = numpy.linalg.svd(gradient, full_matrices=False)
    u, s, vt = u[:, :components], s[:components], vt[:components]
    ratio = numpy.diag(1 / (s / s.min()))
    same = numpy.eye(components)
    damped = gradient - (gradient @ vt.T) @ (same - ratio) @ vt
    damped = damped - u @ (same - ratio) @ (u.T @ damped)
    u, s, vt = numpy.linalg.svd(retain, full_matrices=False)
    u, vt = u[:, :retain_components], vt[:retain_components]
    rows = numpy.eye(len(u)) - u @ u.T
    columns = numpy.eye(vt.shape[1]) - vt.T @ vt
    return damped, rows @ damped @ columns


def repselect(folder):
    model = open_checkpoint(folder)
    names = [name for name, _ in model.named_parameters() if name.endswith(MATRICES)]
    added = relearned(model, names)
    forget, retain = likelihood_gradients(model, added, FORGET), likelihood_gradients(model, added, RETAIN)
    results = {
        name: filtered(forget[name], retain[name], REPSELECT["components"], REPSELECT["retainComponents"])
        for name in names}
    weights = values_of(model)
    length = numpy.sqrt(sum(numpy.square(final).sum() for _, final in results.values()))
    whole = numpy.sqrt(sum(weights[name].double().square().sum().item() for name in names))
    way = REPSELECT["rate"] * whole / length
    for name in names:
        weights[name] = (weights[name].double() - way * torch.from_numpy(results[name][1])).float()
    tensors = {f"repselect.{name}": value for name, value in weights.items()}
    example = names[0]
    tensors |= {
        "filter.gradient": forget[example], "filter.retain": retain[example],
        "filter.damped": torch.from_numpy(results[example][0]), "filter.removed": torch.from_numpy(results[example][1])}
    return tensors


def main():
    folder = golden.FOLDER / "robust-methods"
    reference = golden.FOLDER / "methods" / "reference"
    unlearned, disturbed, repaired, terms = undo(reference)
    tensors = {f"undo-unlearned.{name}": value for name, value in unlearned.items()}
    tensors |= {f"undo-disturbed.{name}": value for name, value in disturbed.items()}
    tensors |= {f"undo.{name}": value for name, value in repaired.items()}
    golden.write_tensors(folder / "golden.safetensors", tensors | repselect(reference))
    golden.write_json(folder / "golden.json", {
        "source": "Tools/reference/robust_methods_golden.py",
        "versions": golden.versions() | {"numpy": numpy.__version__},
        "training": TRAINING,
        "undo": UNDO | {"terms": terms},
        "repselect": REPSELECT,
    })


if __name__ == "__main__":
    main()
