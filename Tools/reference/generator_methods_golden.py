"""Writes Tests/Golden/generator-methods: whole runs of methods for models that redraw pictures, in plain PyTorch: terms of
each step, and the encoder at the end. The methods are written here from Li et al. 2024 (arXiv 2402.00351), equation 8. What
is drawn at random comes from SplitMix64 (splitmix64.py), so that it is the same on both sides.
"""

import math

import numpy
import torch

import golden
from generators_golden import fill
from splitmix64 import SplitMix64
from tiny_autoencoder import tiny_autoencoder

FOLDER = golden.FOLDER / "generator-methods"
SIZE, FORGET, RETAIN, STEPS, RATE, SEED = 8, 4, 5, 3, 3e-3, 7
# The first and the third step are within it, the second is not.
BUDGET = 0.1
CONFIGURATION = {
    "in_channels": 3, "out_channels": 3, "latent_channels": 2, "encoder_block_out_channels": [4, 6],
    "decoder_block_out_channels": [6, 4], "num_encoder_blocks": [0, 1], "num_decoder_blocks": [1, 0],
    "use_midblock_gn": True,
}


def degraded(images):
    """A quarter of the pixels, in the middle, are missing."""
    left = images.clone()
    left[:, :, 2:6, 2:6] = 0
    return left


def run(start, forget, retain, weights, target, name):
    """Three steps on everything: Adam, cosine to zero. `target(student, teacher, its features of forget, the original's of
    retain, their variance)` gives the forget term, and `weights(retain term)` the weights of both.
    """
    student, teacher = (tiny_autoencoder(**CONFIGURATION) for _ in range(2))
    student.load_state_dict(start)
    teacher.load_state_dict(start)
    with torch.no_grad():
        old_retain = teacher.encode(degraded(retain))
        variance = ((old_retain - old_retain.mean()) ** 2).mean()
    optimizer = torch.optim.Adam(student.encoder.parameters(), lr=RATE, betas=(0.9, 0.999), eps=1e-8)
    terms = []
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 + math.cos(math.pi * step / (STEPS - 1))) / 2
        features = student.encode(degraded(torch.cat([forget, retain])))
        away = target(student, teacher, features[:FORGET], old_retain, variance)
        kept = ((features[FORGET:] - old_retain) ** 2).mean() / variance
        of_forget, of_retain = weights(kept.item())
        optimizer.zero_grad()
        (of_forget * away + of_retain * kept).backward()
        optimizer.step()
        terms.append({name: away.item(), "retain-features": kept.item()})
    return terms, student


class Draws:
    """What is drawn for each picture to forget, by its place."""

    def __init__(self, forget, retain):
        shape = tuple(forget.shape[1:])
        mean = retain.mean((0, 2, 3), keepdim=True)
        deviation = ((retain - mean) ** 2).mean((0, 2, 3), keepdim=True).sqrt()
        normal = torch.stack([SplitMix64(SEED, f"noise {place}").normals(shape) for place in range(FORGET)])
        self.noise = (normal * deviation + mean).clamp(-1, 1)
        # Places among the pictures to keep.
        self.others = [SplitMix64(SEED, f"other picture {place}").below(RETAIN) for place in range(FORGET)]

    def features(self, kept):
        """Normal noise with the mean and the deviation of the original's features."""
        deviation = ((kept - kept.mean()) ** 2).mean().sqrt()
        normal = [SplitMix64(SEED, f"random features {place}").normals(tuple(kept.shape[1:])) for place in range(FORGET)]
        return torch.stack(normal) * deviation + kept.mean()


def main():
    generator = numpy.random.default_rng(20240200351 % 2**32)
    model = tiny_autoencoder(**CONFIGURATION)
    fill(model, generator)
    start = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    pixels = generator.integers(0, 256, (FORGET + RETAIN, SIZE, SIZE, 3))
    images = torch.from_numpy(pixels.astype(numpy.float32) / 127.5 - 1).permute(0, 3, 1, 2).contiguous()
    forget, retain = images[:FORGET], images[FORGET:]
    runs, tensors = {}, {"pixels": torch.from_numpy(pixels.astype(numpy.float32))}

    draws = Draws(forget, retain)

    def to_mean(student, teacher, features, kept, variance):
        return ((features - kept.mean(0, keepdim=True)) ** 2).mean() / variance

    def to_noise(student, teacher, features, kept, variance):
        return ((features - teacher.encode(degraded(draws.noise)).detach()) ** 2).mean() / variance

    def to_other(student, teacher, features, kept, variance):
        return ((features - kept[draws.others]) ** 2).mean() / variance

    def to_random(student, teacher, features, kept, variance):
        return ((features - draws.features(kept)) ** 2).mean() / variance

    def to_pictures(student, teacher, features, kept, variance):
        return ((student.decode(features) - forget) ** 2).mean()

    def to_noise_pictures(student, teacher, features, kept, variance):
        return ((student.decode(features) - draws.noise) ** 2).mean()

    def to_other_pictures(student, teacher, features, kept, variance):
        with torch.no_grad():
            redrawn = retain.clone()
            redrawn[:, :, 2:6, 2:6] = teacher.decode(kept).clamp(-1, 1)[:, :, 2:6, 2:6]
        return ((student.decode(features) - redrawn[draws.others]) ** 2).mean()

    def fixed(alpha):
        return lambda _: (alpha, 1)

    def within_budget(alpha):
        multiplier = 1 / alpha

        def weights(kept):
            nonlocal multiplier
            multiplier *= math.exp(0.2 * min(1, max(-1, kept / BUDGET - 1)))
            return 1 / (1 + multiplier), multiplier / (1 + multiplier)

        return weights

    for name, weights, term, target in [
            ("encoder-redirection", fixed(0.25), "forget-features", to_mean),
            ("max-loss", fixed(-0.1), "forget-pictures", to_pictures),
            ("encoder-redirection-noise", fixed(0.25), "forget-features", to_noise),
            ("encoder-redirection-other-context", fixed(0.25), "forget-features", to_other),
            ("encoder-redirection-budget", within_budget(0.25), "forget-features", to_mean),
            ("noisy-label", fixed(0.25), "forget-pictures", to_noise_pictures),
            ("retain-label", fixed(0.25), "forget-pictures", to_other_pictures),
            ("random-encoder", fixed(0.25), "forget-features", to_random)]:
        terms, student = run(start, forget, retain, weights, target, term)
        runs[name] = terms
        tensors |= {f"{name}.{key}": value for key, value in student.state_dict().items() if key.startswith("encoder.")
                    or name in ("encoder-redirection", "max-loss")}
    golden.write_json(FOLDER / "golden.json", {
        "versions": golden.versions(), "size": SIZE, "classes": 2, "labels": [0] * FORGET + [1] * RETAIN,
        "forget": FORGET, "retain": RETAIN, "learningRate": RATE, "steps": STEPS, "runs": runs,
        "seed": SEED, "retainBudget": BUDGET})
    golden.write_tensors(FOLDER / "golden.safetensors", tensors)
    golden.write_json(FOLDER / "config.json", CONFIGURATION | {"model_type": "autoencoder_tiny", "sample_size": [SIZE, SIZE]})
    golden.write_tensors(FOLDER / "model.safetensors", start)


if __name__ == "__main__":
    main()
