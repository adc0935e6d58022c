"""Writes Tests/Golden/robust: what makes a method's result hold, on a tiny Llama and its reference.

A second implementation, from the papers' formulas: sharpness-aware steps with torch's AdamW, where the forget term's
gradient is taken at θ + ρ·g/‖g‖ (Fan et al. 2025, equation 5) and the retain term's at θ.
"""

import torch

import golden
from llama_golden import open_checkpoint
from methods_golden import FORGET, RETAIN, losses

TRAINING = {"learningRate": 1e-3, "steps": 3, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8}
FLATNESS = {"rho": 0.05}


def flat(model, rho):
    """Three steps of gradient difference: the likelihood of FORGET falls where it is lowest near by."""
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(
        parameters, lr=TRAINING["learningRate"], betas=(TRAINING["beta1"], TRAINING["beta2"]),
        eps=TRAINING["epsilon"], weight_decay=0.0)
    norms = []

    def ascent():
        return torch.autograd.grad(-torch.cat(losses(model, FORGET)).mean(), parameters)

    for _ in range(TRAINING["steps"]):
        retain = torch.autograd.grad(torch.cat(losses(model, RETAIN)).mean(), parameters)
        here = [parameter.detach().clone() for parameter in parameters]
        steepest = ascent()
        norm = torch.sqrt(sum(gradient.square().sum() for gradient in steepest))
        with torch.no_grad():
            for parameter, gradient in zip(parameters, steepest):
                parameter += rho * gradient / norm
        there = ascent()
        with torch.no_grad():
            for parameter, original in zip(parameters, here):
                parameter.copy_(original)
        for parameter, one, other in zip(parameters, there, retain):
            parameter.grad = one + other
        norms.append(torch.sqrt(sum(p.grad.square().sum() for p in parameters)).item())
        optimizer.step()
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}, norms


def main():
    folder = golden.FOLDER / "robust"
    reference = golden.FOLDER / "methods" / "reference"
    end, norms = flat(open_checkpoint(reference), FLATNESS["rho"])
    golden.write_tensors(folder / "golden.safetensors", {f"flatness.{name}": end[name] for name in end})
    golden.write_json(folder / "golden.json", {
        "source": "Tools/reference/robust_golden.py",
        "versions": golden.versions(),
        "training": TRAINING,
        "flatness": FLATNESS | {"gradientNorms": norms},
    })


if __name__ == "__main__":
    main()
