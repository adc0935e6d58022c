"""Writes Tests/Golden/classifier-methods: terms, gradients and results of the methods for classifiers.

A second implementation, written from the formulas alone, on a small network and images that numpy's seeded generator
draws. `model` is in the middle of a run, `original` is what it was, `random` knows nothing.
"""

import numpy
import torch
import torch.nn.functional as F

import golden

CLASSES = 3
WIDTHS = [4, 6]
SIZE = 8
FORGET, RETAIN = 4, 6
ALPHA, GAMMA, TEMPERATURE = 0.95, 1.0, 2.0
SCRUB_ALPHA = 0.5
SALUN_SHARE = 0.3
SSD = {"selection": 1.5, "dampening": 0.7}


class ConvNet(torch.nn.Module):
    """Two stages of convolution, batch normalisation and rectifier, pooling between them, a mean over pixels, scores."""

    def __init__(self, classes=CLASSES):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, WIDTHS[0], 3, padding=1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(WIDTHS[0])
        self.conv2 = torch.nn.Conv2d(WIDTHS[0], WIDTHS[1], 3, padding=1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(WIDTHS[1])
        self.fc = torch.nn.Linear(WIDTHS[1], classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.relu(self.bn2(self.conv2(x)))
        return self.fc(x.mean(dim=(2, 3)))


def drawn(generator, near=None, classes=CLASSES):
    """A network with drawn parameters, or one that differs a little from another."""
    model = ConvNet(classes)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            noise = torch.from_numpy(generator.standard_normal(tensor.shape).astype(numpy.float32))
            if near is not None:
                tensor.copy_(near.state_dict()[name] + (0.0 if "running" in name else 0.05) * noise)
            elif name.endswith("running_var"):
                tensor.copy_(1 + 0.2 * noise.abs())
            elif tensor.dim() == 1:
                tensor.copy_(0.2 * noise + (1.0 if name.startswith("bn") and name.endswith("weight") else 0.0))
            else:
                tensor.copy_(noise / tensor[0].numel() ** 0.5)
    return model


def divergence(teacher, student, temperature):
    """T² · mean over images of KL(teacher ‖ student), both softened."""
    p = F.softmax(teacher / temperature, dim=1)
    difference = F.log_softmax(teacher / temperature, dim=1) - F.log_softmax(student / temperature, dim=1)
    return temperature ** 2 * (p * difference).sum(dim=1).mean()


def frozen(model, inputs, training=False):
    with torch.no_grad():
        return model.train(training)(inputs)


def copy(model):
    other = ConvNet(model.fc.out_features)
    other.load_state_dict(model.state_dict())
    return other


def steps(model, original, untaught, inputs, labels, wrong):
    """Name → a function from a fresh copy of the model to its named, weighted terms. Forget images come first."""
    both = torch.cat(inputs)
    forget, retain = inputs

    def joint(student):
        scores = student.train()(both)
        return scores[:FORGET], scores[FORGET:]

    def gradient_difference(student):
        left, stays = joint(student)
        return [("forget-ascent", 1, -F.cross_entropy(left, labels[0])),
                ("retain-nll", 1, F.cross_entropy(stays, labels[1]))]

    def neggrad_plus(student):
        left, stays = joint(student)
        return [("forget-ascent", 1 - ALPHA, -F.cross_entropy(left, labels[0])),
                ("retain-nll", ALPHA, F.cross_entropy(stays, labels[1]))]

    def scrub_retain(student):
        scores = student.train()(retain)
        return [("retain-nll", GAMMA, F.cross_entropy(scores, labels[1])),
                ("retain-kl", SCRUB_ALPHA, divergence(frozen(original, retain), scores, TEMPERATURE))]

    def bad_teacher(student):
        bad, good = frozen(copy(untaught), both, training=True), frozen(original, both)
        return [("distillation", 1, divergence(torch.cat([bad[:FORGET], good[FORGET:]]), student.train()(both), 1))]

    return {
        "fine-tune": lambda student: [("retain-nll", 1, F.cross_entropy(student.train()(retain), labels[1]))],
        "gradient-ascent": lambda student: [("forget-ascent", 1, -F.cross_entropy(student.train()(forget), labels[0]))],
        "gradient-difference": gradient_difference,
        "neggrad-plus": neggrad_plus,
        "scrub-forget": lambda student: [
            ("forget-kl", -1, divergence(frozen(original, forget), student.train()(forget), TEMPERATURE))],
        "scrub-retain": scrub_retain,
        "bad-teacher": bad_teacher,
        "random-labels": lambda student: [
            ("nll", 1, F.cross_entropy(student.train()(both), torch.cat([wrong, labels[1]])))],
    }


def gradients(model, loss):
    named = list(model.named_parameters())
    return dict(zip([name for name, _ in named], torch.autograd.grad(loss, [value for _, value in named])))


def saliency(model, forget, labels):
    """1 for the share of all weights whose forget gradient is largest, by the network as it is used."""
    found = gradients(model, F.cross_entropy(model.eval()(forget), labels))
    magnitudes = torch.cat([gradient.abs().flatten() for gradient in found.values()]).sort().values
    threshold = magnitudes[int(len(magnitudes) * (1 - SALUN_SHARE))]
    return {name: (gradient.abs() >= threshold).float() for name, gradient in found.items()}


def dampened(model, inputs, labels):
    """θ · min(λ F_all / F_forget, 1) where F_forget > α F_all; F is a squared gradient of one batch's mean loss."""
    forget = gradients(model, F.cross_entropy(model.eval()(inputs[0]), labels[0]))
    everything = gradients(model, F.cross_entropy(model.eval()(torch.cat(inputs)), torch.cat(labels)))
    result = {}
    for name, parameter in model.named_parameters():
        f, a = forget[name] ** 2, everything[name] ** 2
        factor = torch.clamp(SSD["dampening"] * a / f.clamp(min=1e-30), max=1)
        result[name] = torch.where(f > SSD["selection"] * a, parameter * factor, parameter)
    return result


def main():
    folder = golden.FOLDER / "classifier-methods"
    generator = numpy.random.default_rng(20230929)
    original = drawn(generator)
    model, untaught = drawn(generator, near=original), drawn(generator)
    pixels = torch.from_numpy(generator.integers(0, 256, (FORGET + RETAIN, 3, SIZE, SIZE)).astype(numpy.float32))
    images = pixels / 127.5 - 1
    inputs = [images[:FORGET], images[FORGET:]]
    labels = [torch.tensor([index % CLASSES for index in range(count)]) for count in (FORGET, RETAIN)]
    wrong = torch.tensor([2, 0, 1, 2])

    # Pixels as bytes, the channels of a pixel side by side.
    tensors = {"pixels": pixels.permute(0, 2, 3, 1)}
    for name, network in [("model", model), ("original", original), ("random", untaught)]:
        tensors |= {f"{name}.{key}": value for key, value in network.state_dict().items() if "num_batches" not in key}
    terms = {}
    for name, make in steps(model, original, untaught, inputs, labels, wrong).items():
        student = copy(model)
        found = make(student)
        total = sum(weight * value for _, weight, value in found)
        terms[name] = {term: value.item() for term, _, value in found}
        tensors |= {f"{name}.{key}": value for key, value in gradients(student, total).items()}
    tensors |= {f"salun.{key}": value for key, value in saliency(model, inputs[0], labels[0]).items()}
    tensors |= {f"ssd.{key}": value for key, value in dampened(model, inputs, labels).items()}
    golden.write_tensors(folder / "golden.safetensors", tensors)
    golden.write_json(folder / "golden.json", {
        "source": "Tools/reference/classifier_methods_golden.py",
        "versions": golden.versions(),
        "widths": WIDTHS, "size": SIZE, "classes": CLASSES, "forget": FORGET,
        "labels": torch.cat(labels).tolist(), "wrongLabels": wrong.tolist(),
        "salunShare": SALUN_SHARE, "ssd": SSD, "terms": terms,
    })


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    main()
