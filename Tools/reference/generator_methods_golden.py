"""Writes Tests/Golden/generator-methods: whole runs of methods for models that redraw pictures, in plain PyTorch: terms of
each step, and the encoder at the end. The methods are written here from Li et al. 2024 (arXiv 2402.00351), equation 8.
"""

import math

import numpy
import torch

import golden
from generators_golden import fill
from tiny_autoencoder import tiny_autoencoder

FOLDER = golden.FOLDER / "generator-methods"
SIZE, FORGET, RETAIN, STEPS, RATE = 8, 4, 5, 3, 3e-3
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


def run(start, forget, retain, alpha, target, name):
    """Three steps on everything: Adam, cosine to zero. `target(model, its features of forget, the original's of retain)` gives
    what the forget term compares, and with what.
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
        away = target(student, features[:FORGET], old_retain, variance)
        kept = ((features[FORGET:] - old_retain) ** 2).mean() / variance
        optimizer.zero_grad()
        (alpha * away + kept).backward()
        optimizer.step()
        terms.append({name: away.item(), "retain-features": kept.item()})
    return terms, student


def main():
    generator = numpy.random.default_rng(20240200351 % 2**32)
    model = tiny_autoencoder(**CONFIGURATION)
    fill(model, generator)
    start = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    pixels = generator.integers(0, 256, (FORGET + RETAIN, SIZE, SIZE, 3))
    images = torch.from_numpy(pixels.astype(numpy.float32) / 127.5 - 1).permute(0, 3, 1, 2).contiguous()
    forget, retain = images[:FORGET], images[FORGET:]
    runs, tensors = {}, {"pixels": torch.from_numpy(pixels.astype(numpy.float32))}

    def to_mean(_, features, kept, variance):
        return ((features - kept.mean(0, keepdim=True)) ** 2).mean() / variance

    def to_pictures(student, features, kept, variance):
        return ((student.decode(features) - forget) ** 2).mean()

    for name, alpha, term, target in [
            ("encoder-redirection", 0.25, "forget-features", to_mean),
            ("max-loss", -0.1, "forget-pictures", to_pictures)]:
        terms, student = run(start, forget, retain, alpha, target, term)
        runs[name] = terms
        tensors |= {f"{name}.{key}": value for key, value in student.state_dict().items()}
    golden.write_json(FOLDER / "golden.json", {
        "versions": golden.versions(), "size": SIZE, "classes": 2, "labels": [0] * FORGET + [1] * RETAIN,
        "forget": FORGET, "retain": RETAIN, "learningRate": RATE, "steps": STEPS, "runs": runs})
    golden.write_tensors(FOLDER / "golden.safetensors", tensors)
    golden.write_json(FOLDER / "config.json", CONFIGURATION | {"model_type": "autoencoder_tiny", "sample_size": [SIZE, SIZE]})
    golden.write_tensors(FOLDER / "model.safetensors", start)


if __name__ == "__main__":
    main()
