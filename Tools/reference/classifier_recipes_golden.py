"""Writes Tests/Golden/classifier-recipes: small runs of the methods for classifiers that are recipes of many steps.

A second implementation, written from the descriptions alone (docs/PAPERS.md names the paper of each method). What a
method draws by chance is not imitated: each run goes on from `start`, which the test puts in the place of what was
drawn, and what is to be drawn is given as a mask. Every set fits into one batch, so that a pass over it is one step.
"""

import math

import numpy
import torch
import torch.nn.functional as F

import golden
from classifier_methods_golden import SIZE, WIDTHS, copy, divergence, drawn, frozen, gradients

# Class 3 is in the forget set alone, and the others are kept unevenly often.
CLASSES = 4
LABELS = {"forget": [0, 1, 2, 3, 3, 1], "retain": [0, 0, 0, 1, 1, 2], "validation": [2, 1, 0]}
# The shard of the forget images that a run with shards is to forget, and of each retain image.
SHARDS = {"forget": [1, 1], "retain": [0, 1, 0, 1, 1, 1]}
LENGTHS = {"boundary-shrink": 5, "kookmin": 24, "sisa": 4}


def constant(step, count):
    return 1.0


def cosine(step, count):
    """From the peak at the first step to nothing at the last."""
    return (1 + math.cos(math.pi * step / max(1, count - 1))) / 2


def warmed(warmup, decay):
    """Step i of w steps of warm-up runs at (i + 1) / (w + 1) of the peak; the rest decays."""
    return lambda step, count: (
        (step + 1) / (warmup + 1) if step < warmup else decay(step - warmup, count - warmup))


def linear(step, count):
    return 1 - step / max(1, count - 1)


class Run:
    """Training of a copy of `start`, and a record of the learning rate and the terms of each step."""

    def __init__(self, start):
        self.network = copy(start)
        self.steps = []

    def optimizer(self, decay=5e-4, trains=lambda name: True):
        """Gradient descent with momentum on the parameters that `trains` names."""
        chosen = [value for name, value in self.network.named_parameters() if trains(name)]
        return torch.optim.SGD(chosen, lr=0, momentum=0.9, weight_decay=decay)

    def step(self, optimizer, rate, terms, factors=None):
        """One step on the sum of `terms(network)`, a dictionary; `factors` scale the gradients of some parameters."""
        found = terms(self.network.train())
        self.network.zero_grad()
        sum(found.values()).backward()
        for name, value in self.network.named_parameters():
            if factors and name in factors:
                value.grad *= factors[name]
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        self.steps.append({"rate": rate, "terms": {name: value.item() for name, value in found.items()}})

    def phase(self, count, rate, schedule, terms, factors=None):
        """A phase of `count` steps with an optimizer of its own."""
        optimizer = self.optimizer()
        for step in range(count):
            self.step(optimizer, rate * schedule(step, count), terms, factors)
        return self


class Problem:
    """The networks, and the images and labels of each set."""

    def __init__(self):
        generator = numpy.random.default_rng(20231130)
        self.original = drawn(generator, classes=CLASSES)
        self.start = drawn(generator, near=self.original, classes=CLASSES)
        count = sum(map(len, LABELS.values()))
        self.pixels = torch.from_numpy(generator.integers(0, 256, (count, 3, SIZE, SIZE)).astype(numpy.float32))
        parts = (self.pixels / 127.5 - 1).split([len(labels) for labels in LABELS.values()])
        self.images = dict(zip(LABELS, parts))
        self.labels = {name: torch.tensor(labels) for name, labels in LABELS.items()}

    def retain_loss(self, network, **options):
        return F.cross_entropy(network(self.images["retain"]), self.labels["retain"], **options)

    def fine_tuning(self, network):
        return {"retain-nll": self.retain_loss(network)}

    def class_weights(self, power):
        """count^power of each class in the retain set; a class that is not there never counts."""
        counts = torch.bincount(self.labels["retain"], minlength=CLASSES).float()
        return torch.where(counts > 0, counts ** power, 0.0)

    def nearest_wrong(self, allowed):
        """Of each forget image, the likeliest of the allowed classes but its own, in the eyes of the original."""
        scores = frozen(self.original, self.images["forget"]).clone()
        scores[range(len(scores)), self.labels["forget"]] = -math.inf
        scores[:, [label for label in range(CLASSES) if label not in allowed]] = -math.inf
        return scores.argmax(dim=1)

    def relabelled(self, labels):
        images = torch.cat([self.images["forget"], self.images["retain"]])
        labels = torch.cat([labels, self.labels["retain"]])
        return lambda network: {"nll": F.cross_entropy(network(images), labels)}


def boundary_shrink(problem):
    labels = problem.nearest_wrong(LABELS["retain"])
    return Run(problem.original).phase(LENGTHS["boundary-shrink"], 0.01, cosine, problem.relabelled(labels))


def fanchuan(problem):
    """Flattening of the outputs on forget, then eight epochs of contrast to retain and of repair in turn."""
    def uniform(network):
        log_q = F.log_softmax(network(problem.images["forget"]), dim=1)
        return {"forget-uniform": (log_q.exp() * (log_q + math.log(CLASSES))).sum(dim=1).mean()}

    def contrast(network):
        # Both sets are read in one pass, so that batch normalisation sees them together.
        count = len(LABELS["forget"])
        scores = network(torch.cat([problem.images["forget"], problem.images["retain"]]))
        similarities = scores[:count] @ scores[count:].detach().T / 1.15
        return {"forget-contrast": -F.log_softmax(similarities, dim=1).mean()}

    run = Run(problem.original).phase(1, 0.005, constant, uniform)
    apart, repair = run.optimizer(), run.optimizer(decay=1e-2)
    for epoch in range(8):
        run.step(apart, 1e-6 + (3e-4 - 1e-6) * cosine(epoch, 8), contrast)
        run.step(repair, 1e-3 * 256 / 64, problem.fine_tuning)
    return run


def kookmin_mask(problem, forget=range(6), retain=range(6)):
    """1 for the 30 % of each convolution's weights with the smallest |∇CE(retain) − ∇CE(forget)|."""
    network = copy(problem.original).eval()
    found = []
    for name, places in [("retain", list(retain)), ("forget", list(forget))]:
        scores = network(problem.images[name][places])
        found.append(gradients(network, F.cross_entropy(scores, problem.labels[name][places])))
    return {name: smallest((found[0][name] - found[1][name]).abs(), 0.3) for name in ["conv1.weight", "conv2.weight"]}


def smallest(values, share):
    """1 for this share of all values, rounded up."""
    count = math.ceil(share * values.numel())
    return (values <= values.flatten().sort().values[count - 1]).float()


def kookmin(problem):
    factors = {name: torch.where(mask == 1, 1.0, 0.1) for name, mask in kookmin_mask(problem).items()}
    return Run(problem.start).phase(
        LENGTHS["kookmin"], 1e-3, warmed(20, linear), problem.fine_tuning, factors)


def seif(problem):
    weights = problem.class_weights(-1)
    return Run(problem.start).phase(
        4, 7e-4, cosine, lambda network: {"retain-nll": problem.retain_loss(network, weight=weights)})


def sebastian_mask(problem):
    """1 for the 99 % of all convolution and linear weights together that are nearest to nothing."""
    matrices = {name: value.detach().abs() for name, value in problem.original.named_parameters() if value.dim() > 1}
    chosen = smallest(torch.cat([value.flatten() for value in matrices.values()]), 0.99)
    parts = chosen.split([value.numel() for value in matrices.values()])
    return {name: part.reshape(value.shape) for (name, value), part in zip(matrices.items(), parts)}


def entropies(scores):
    return -(F.softmax(scores, dim=1) * F.log_softmax(scores, dim=1)).sum(dim=1)


def sebastian(problem):
    """3.2 epochs, which are four steps."""
    retain, weights = problem.images["retain"], problem.class_weights(-0.1)

    def terms(network):
        scores = network(retain)
        goal = entropies(frozen(problem.original, retain))
        return {"retain-nll": F.cross_entropy(scores, problem.labels["retain"], weight=weights),
                "entropy": (entropies(scores) - goal).square().mean()}

    return Run(problem.start).phase(4, 5e-4, cosine, terms)


def toshi_transpose(problem):
    run = Run(problem.original)
    with torch.no_grad():
        for convolution in (run.network.conv1, run.network.conv2):
            convolution.weight.copy_(convolution.weight.transpose(2, 3).clone())
    return run.phase(3, 1e-3, cosine, lambda network: {"nll": problem.retain_loss(network)})


def toshi_pseudo_labels(problem):
    labels = problem.nearest_wrong(range(CLASSES))
    return Run(problem.original).phase(3, 1e-3, cosine, problem.relabelled(labels))


def amnesiacs(problem):
    """Distillation on validation at T = 5, then CE, soft CE and the same divergence on retain."""
    validation, retain = problem.images["validation"], problem.images["retain"]

    def distillation(network):
        return {"validation-kl": divergence(frozen(problem.original, validation), network(validation), 5)}

    def repair(network):
        scores, goal = network(retain), frozen(problem.original, retain)
        return {"retain-nll": F.cross_entropy(scores, problem.labels["retain"]),
                "retain-soft-nll": -(F.softmax(goal, dim=1) * F.log_softmax(scores, dim=1)).sum(dim=1).mean(),
                "retain-kl": divergence(goal, scores, 5)}

    return Run(problem.start).phase(3, 9e-4, constant, distillation).phase(3, 1e-3, cosine, repair)


def sun(problem):
    """Five epochs of the norms alone, the lots being none, and four of everything; the rate follows a cosine."""
    run = Run(problem.start)
    for epoch in range(9):
        optimizer = run.optimizer(trains=lambda name: epoch >= 5 or name.startswith("bn"))
        run.step(optimizer, 1e-3 * cosine(epoch, 10), problem.fine_tuning)
    return run


def forget_entry(problem):
    """Cycles of one, two and two epochs, the lots being none, towards the original's scores."""
    retain = problem.images["retain"]

    def terms(network):
        return {"retain-mse": (network(retain) - frozen(problem.original, retain)).square().mean()}

    run = Run(problem.start)
    for epochs in [1, 2, 2]:
        run.phase(epochs, 1e-3, cosine, terms)
    return run


def warm_restart(problem):
    """Eleven epochs with every image's weight at 1."""
    return Run(problem.start).phase(11, 0.055, warmed(10, cosine), problem.fine_tuning)


def image_losses(problem):
    """CE of each retain image, read alone by the network in training."""
    pairs = zip(problem.images["retain"].split(1), problem.labels["retain"].split(1))
    return [F.cross_entropy(copy(problem.start).train()(image), label).item() for image, label in pairs]


def sisa(problem):
    """The shard that saw the forgotten images, trained from the start on its own retain images alone."""
    own = [place for place, shard in enumerate(SHARDS["retain"]) if shard == 1]
    images, labels = problem.images["retain"][own], problem.labels["retain"][own]
    return Run(problem.start).phase(
        LENGTHS["sisa"], 0.05, cosine, lambda network: {"nll": F.cross_entropy(network(images), labels)})


RECIPES = {
    "boundary-shrink": boundary_shrink, "sisa": sisa, "fanchuan": fanchuan, "kookmin": kookmin, "seif": seif,
    "sebastian": sebastian, "toshi-transpose": toshi_transpose, "toshi-pseudo-labels": toshi_pseudo_labels,
    "amnesiacs": amnesiacs, "sun": sun, "forget": forget_entry, "warm-restart": warm_restart,
}


def state(network):
    return {name: value for name, value in network.state_dict().items() if "num_batches" not in name}


def main():
    folder = golden.FOLDER / "classifier-recipes"
    problem = Problem()
    # Pixels as bytes, the channels of a pixel side by side.
    tensors = {"pixels": problem.pixels.permute(0, 2, 3, 1)}
    for name, network in [("original", problem.original), ("start", problem.start)]:
        tensors |= {f"{name}.{key}": value for key, value in state(network).items()}
    runs = {}
    for name, make in RECIPES.items():
        run = make(problem)
        runs[name] = run.steps
        tensors |= {f"{name}.{key}": value for key, value in state(run.network).items()}
        if name == "sisa":
            probabilities = [F.softmax(frozen(network, problem.images["forget"]), dim=1)
                             for network in (problem.original, run.network)]
            tensors["sisa-scores"] = (sum(probabilities) / 2).log()
    tensors |= {f"kookmin-drawn.{name}": mask for name, mask in kookmin_mask(problem).items()}
    # With one forget image a part of retain of the same size is one image, which is drawn: these are all that can come.
    for place in range(len(LABELS["retain"])):
        masks = kookmin_mask(problem, forget=[0], retain=[place])
        tensors |= {f"kookmin-part-{place}.{name}": mask for name, mask in masks.items()}
    tensors |= {f"sebastian-drawn.{name}": mask for name, mask in sebastian_mask(problem).items()}
    golden.write_tensors(folder / "golden.safetensors", tensors)
    golden.write_json(folder / "golden.json", {
        "source": "Tools/reference/classifier_recipes_golden.py",
        "versions": golden.versions(),
        "widths": WIDTHS, "size": SIZE, "classes": CLASSES,
        "forget": len(LABELS["forget"]), "retain": len(LABELS["retain"]), "labels": sum(LABELS.values(), []),
        "shards": SHARDS, "lengths": LENGTHS, "imageLosses": image_losses(problem), "runs": runs,
    })


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    main()
