"""Writes Tests/Golden/methods: the terms and gradients of the objective methods on a tiny Llama and its reference.

A second implementation, written from the formulas alone. Terms are given per sequence, and reduced in two
ways: `meanOfExamples` (mean over tokens, then over sequences) and `meanOfTokens` (over all labelled tokens at once).
"""

import torch

import golden
from llama_golden import SHAPE, open_checkpoint, write_checkpoint

SMALL = SHAPE | {
    "hidden_size": 8, "intermediate_size": 16, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4,
}
SETTINGS = {"tie_word_embeddings": True, "rope_theta": 10000.0, "dtype": "float32"}
PERTURBATION = 0.05
BETA = 0.1
SIMNPO = {"beta": 4.5, "margin": 0.25}
# RMU turns the states after the block `layer`, counted from 0, to `steering` times a unit vector.
RMU = {"layer": 1, "steering": 6.5, "direction": [0.1, 0.7, 0.2, 0.4, 0.1, 0.3, 0.2, 0.4]}

FORGET = [
    {"ids": [1, 11, 25, 40, 3, 58, 2], "labelled": [0, 0, 0, 1, 1, 1, 1]},
    {"ids": [1, 45, 6, 14, 62, 29, 37, 10, 2], "labelled": [0, 0, 1, 1, 1, 1, 1, 1, 1]},
]
RETAIN = [
    {"ids": [1, 20, 53, 31, 16, 2], "labelled": [0, 0, 0, 1, 1, 1]},
    {"ids": [1, 8, 49, 22, 61, 13, 35, 2], "labelled": [0, 1, 1, 1, 1, 1, 1, 1]},
]
# What is preferred to the first forget example, behind the same prompt.
OTHERS = [{"ids": [1, 11, 25, 7, 33, 52, 19, 2], "labelled": [0, 0, 0, 1, 1, 1, 1, 1]}]
# The teacher of the soft-label term reads a translated text of equal length and may not say some tokens.
TRANSLATED = [[1, 11, 26, 41, 3, 58, 2], [1, 45, 6, 14, 63, 28, 37, 10, 2]]
FORBIDDEN = [40, 62, 29]

REDUCTIONS = {
    "meanOfExamples": lambda parts: torch.stack([part.mean() for part in parts]).mean(),
    "meanOfTokens": lambda parts: torch.cat(parts).mean(),
}


def losses(model, items):
    return [golden.token_losses(model, item["ids"], item["labelled"]) for item in items]


def divergences(teachers, model, items):
    """Per sequence, [labelled] KL(teacher ‖ student), in nats; a token that the teacher never says adds nothing."""
    parts = []
    for teacher, item in zip(teachers, items):
        student, _ = golden.labelled_log_probabilities(model, item["ids"], item["labelled"])
        probabilities = teacher.exp()
        difference = torch.where(probabilities > 0, teacher - student, 0.0)
        parts.append((probabilities * difference).sum(dim=-1))
    return parts


def reference_rows(reference, items):
    with torch.no_grad():
        return [golden.labelled_log_probabilities(reference, item["ids"], item["labelled"])[0] for item in items]


def forbidding_teacher(reference):
    rows = []
    with torch.no_grad():
        for ids, item in zip(TRANSLATED, FORGET):
            row, _ = golden.labelled_log_probabilities(reference, ids, item["labelled"])
            row[:, FORBIDDEN] = float("-inf")
            rows.append(torch.log_softmax(row, dim=-1))
    return rows


def objectives(model, reference, reduce):
    """Name → (forget term, retain term or None), each already reduced; the total is their sum (γ = α = 1)."""
    ascent = -reduce(losses(model, FORGET))
    likelihood = reduce(losses(model, RETAIN))
    closeness = reduce(divergences(reference_rows(reference, RETAIN), model, RETAIN))
    sums = torch.stack([-part.sum() for part in losses(model, FORGET)])
    with torch.no_grad():
        reference_sums = torch.stack([-part.sum() for part in losses(reference, FORGET)])
    preference = -(2 / BETA) * torch.nn.functional.logsigmoid(-BETA * (sums - reference_sums)).mean()
    with torch.no_grad():
        other_reference_sums = torch.stack([-part.sum() for part in losses(reference, OTHERS)])
    # The second forget example has no other answer: it counts as in NPO.
    wins = torch.stack([-part.sum() for part in losses(model, OTHERS)]) - other_reference_sums
    margins = torch.cat([wins, torch.zeros(len(FORGET) - len(OTHERS))]) - (sums - reference_sums)
    direct = -(2 / BETA) * torch.nn.functional.logsigmoid(BETA * margins).mean()
    soft_labels = reduce(divergences(forbidding_teacher(reference), model, FORGET))
    return {
        "gradientAscent": (ascent, None),
        "gradientDifferenceNLL": (ascent, likelihood),
        "gradientDifferenceKL": (ascent, closeness),
        "npo": (preference, None),
        "npoNLL": (preference, likelihood),
        "npoKL": (preference, closeness),
        "dpo": (direct, None),
        "dpoKL": (direct, closeness),
        "softLabels": (soft_labels, None),
    }


def final_states(model, item):
    """[labelled, width] normalised last states at the positions that predict labelled tokens."""
    states = model.model(input_ids=torch.tensor([item["ids"]])).last_hidden_state[0]
    return states[[position - 1 for position, counts in enumerate(item["labelled"]) if counts]]


def block_states(model, item):
    """[tokens, width] states after the block of RMU, before any final norm."""
    kept = []
    hook = model.model.layers[RMU["layer"]].register_forward_hook(lambda _, __, output: kept.append(output))
    model.model(input_ids=torch.tensor([item["ids"]]))
    hook.remove()
    states = kept[0][0] if isinstance(kept[0], tuple) else kept[0]
    return states.reshape(-1, states.shape[-1])


def labelled_block_states(model, item):
    return block_states(model, item)[[place for place, counts in enumerate(item["labelled"]) if counts]]


def squared_distance(states, model, reference, items):
    with torch.no_grad():
        originals = torch.cat([states(reference, item) for item in items])
    return (torch.cat([states(model, item) for item in items]) - originals).square().mean()


def token_objectives(model, reference):
    """The same as `objectives`, for those that are only reduced over all labelled tokens at once."""
    means = torch.stack([-part.mean() for part in losses(model, FORGET)])
    beta, margin = SIMNPO["beta"], SIMNPO["margin"]
    simple = -(2 / beta) * torch.nn.functional.logsigmoid(-beta * means - margin).mean()
    goal = RMU["steering"] * torch.tensor(RMU["direction"])
    misdirection = (torch.cat([labelled_block_states(model, item) for item in FORGET]) - goal).square().mean()
    return {
        "simnpo": (simple, None),
        "simnpoNLL": (simple, torch.cat(losses(model, RETAIN)).mean()),
        "gradientDifferenceHidden": (
            -torch.cat(losses(model, FORGET)).mean(), squared_distance(final_states, model, reference, RETAIN)),
        "rmu": (misdirection, squared_distance(block_states, model, reference, RETAIN)),
    }


def sequence_values(model, reference):
    with torch.no_grad():
        return {
            "forgetLogProbability": [-part.sum().item() for part in losses(model, FORGET)],
            "forgetReferenceLogProbability": [-part.sum().item() for part in losses(reference, FORGET)],
            "retainLogProbability": [-part.sum().item() for part in losses(model, RETAIN)],
            "retainKLSums": [
                part.sum().item() for part in divergences(reference_rows(reference, RETAIN), model, RETAIN)],
            "softLabelKLSums": [
                part.sum().item() for part in divergences(forbidding_teacher(reference), model, FORGET)],
        }


def perturbed_copy(folder, reference):
    """The reference plus seeded noise, written beside it: the model in the middle of a run."""
    model = write_checkpoint(folder, "methods-noise", SETTINGS, SMALL)
    with torch.no_grad():
        for (_, parameter), (_, original) in zip(model.named_parameters(), reference.named_parameters()):
            parameter.copy_(original + PERTURBATION * (parameter - (1 if parameter.dim() == 1 else 0)))
    golden.write_tensors(folder / "model.safetensors", dict(model.named_parameters()))
    return open_checkpoint(folder)


def main():
    folder = golden.FOLDER / "methods"
    reference = write_checkpoint(folder / "reference", "methods", SETTINGS, SMALL)
    model = perturbed_copy(folder / "model", reference)
    tensors, terms = {}, {}
    for reduction, reduce in REDUCTIONS.items():
        cases = objectives(model, reference, reduce)
        if reduction == "meanOfTokens":
            cases |= token_objectives(model, reference)
        for name, (forget, retain) in cases.items():
            total = forget if retain is None else forget + retain
            gradients = torch.autograd.grad(total, list(model.parameters()), retain_graph=True, allow_unused=True)
            names = [key for key, _ in model.named_parameters()]
            # What is above the layer that RMU looks at has no gradient.
            tensors |= {
                f"{reduction}.{name}.{key}": gradient
                for key, gradient in zip(names, gradients) if gradient is not None}
            terms[f"{reduction}.{name}"] = {
                "forget": forget.item(), "retain": None if retain is None else retain.item(), "total": total.item(),
            }
    for index, teacher in enumerate(forbidding_teacher(reference)):
        tensors[f"teacher.{index}"] = teacher.exp()
    golden.write_tensors(folder / "golden.safetensors", tensors)
    golden.write_json(folder / "golden.json", {
        "source": "Tools/reference/methods_golden.py",
        "versions": golden.versions(),
        "forget": FORGET,
        "retain": RETAIN,
        "others": OTHERS,
        "translated": TRANSLATED,
        "forbidden": FORBIDDEN,
        "beta": BETA,
        "simnpo": SIMNPO,
        "rmu": RMU,
        "sequences": sequence_values(model, reference),
        "terms": terms,
    })


if __name__ == "__main__":
    main()
