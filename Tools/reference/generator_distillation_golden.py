"""Writes Tests/Golden/generator-distillation: a whole run of perturbed-distillation in plain PyTorch, terms of each step and
all parameters at the end. The parameters that are drawn anew come from the package's own stream of random numbers, which is
written here again: SplitMix64 (Steele, Lea and Flood 2014), seeded by seed and purpose, and Box and Muller's normal numbers.
"""

import math

import numpy
import torch

import golden
from generator_methods_golden import CONFIGURATION, FORGET, RATE, RETAIN, SIZE, STEPS, degraded
from generators_golden import fill
from tiny_autoencoder import tiny_autoencoder

FOLDER = golden.FOLDER / "generator-distillation"
MASK64 = 2**64 - 1
ENCODER_SHARE, DECODER_SHARE, ALPHA, FEATURES, WHOLE = 0.5, 0.8, 0.25, 1.0, 0.25


class Stream:
    def __init__(self, seed, purpose):
        mixed = 0xCBF29CE484222325
        for byte in purpose.encode():
            mixed = ((mixed ^ byte) * 0x100000001B3) & MASK64
        self.state = (seed * 0x9E3779B97F4A7C15 & MASK64) ^ mixed
        self.next()

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK64
        mixed = ((self.state ^ (self.state >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK64
        return mixed ^ (mixed >> 31)

    def uniform(self):
        return (self.next() >> 40) * 2.0**-24

    def normal(self):
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return numpy.float32(radius * math.cos(2 * math.pi * self.uniform()))


def fresh(names_and_shapes, stream):
    """He et al. 2015 by fan-out; what a block adds is nothing at first; norms change nothing."""
    drawn = {}
    for name, shape in names_and_shapes:
        if name.endswith(("conv.4.weight", "pool.3.weight")) or name.endswith("bias"):
            drawn[name] = torch.zeros(shape)
        elif name.endswith("pool.1.weight"):
            drawn[name] = torch.ones(shape)
        else:
            deviation = numpy.float32(math.sqrt(numpy.float32(2) / numpy.float32(shape[0] * shape[2] * shape[3])))
            values = numpy.array([stream.normal() for _ in range(math.prod(shape))], dtype=numpy.float32) * deviation
            drawn[name] = torch.from_numpy(values).reshape(shape)
    return drawn


def run(start, forget, retain):
    student, teacher = (tiny_autoencoder(**CONFIGURATION) for _ in range(2))
    teacher.load_state_dict(start)
    new = fresh([(name, tuple(tensor.shape)) for name, tensor in start.items()], Stream(0, "fresh parameters"))
    mixed = {}
    for name, old in start.items():
        share = ENCODER_SHARE if name.startswith("encoder.") else DECODER_SHARE
        mixed[name] = old * (1 - share) + new[name] * share
    student.load_state_dict(mixed)
    mask = torch.zeros(1, 1, SIZE, SIZE)
    mask[:, :, 2:6, 2:6] = 1
    with torch.no_grad():
        kept = teacher.encode(degraded(retain))
        pictures = teacher.decode(kept)
        variance, mean = ((kept - kept.mean()) ** 2).mean(), kept.mean(0, keepdim=True)
    optimizer = torch.optim.Adam(student.parameters(), lr=RATE, betas=(0.9, 0.999), eps=1e-8)
    terms = []
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 + math.cos(math.pi * step / (STEPS - 1))) / 2
        features = student.encode(degraded(torch.cat([forget, retain])))
        errors = (student.decode(features[FORGET:]) - pictures).abs()
        parts = {
            "forget-features": ((features[:FORGET] - mean) ** 2).mean() / variance,
            "retain-features": ((features[FORGET:] - kept) ** 2).mean() / variance,
            "retain-pictures": (errors * mask).mean() / mask.mean() + WHOLE * errors.mean(),
        }
        optimizer.zero_grad()
        (ALPHA * parts["forget-features"] + FEATURES * parts["retain-features"] + parts["retain-pictures"]).backward()
        optimizer.step()
        terms.append({name: value.item() for name, value in parts.items()})
    return terms, student


def main():
    generator = numpy.random.default_rng(20240200351 % 2**32)
    model = tiny_autoencoder(**CONFIGURATION)
    fill(model, generator)
    start = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    pixels = generator.integers(0, 256, (FORGET + RETAIN, SIZE, SIZE, 3))
    images = torch.from_numpy(pixels.astype(numpy.float32) / 127.5 - 1).permute(0, 3, 1, 2).contiguous()
    terms, student = run(start, images[:FORGET], images[FORGET:])
    tensors = {"pixels": torch.from_numpy(pixels.astype(numpy.float32))}
    tensors |= {f"perturbed-distillation.{key}": value for key, value in student.state_dict().items()}
    golden.write_json(FOLDER / "golden.json", {
        "versions": golden.versions(), "size": SIZE, "classes": 2, "labels": [0] * FORGET + [1] * RETAIN, "forget": FORGET,
        "retain": RETAIN, "learningRate": RATE, "steps": STEPS, "encoderShare": ENCODER_SHARE,
        "decoderShare": DECODER_SHARE, "runs": {"perturbed-distillation": terms}})
    golden.write_tensors(FOLDER / "golden.safetensors", tensors)
    golden.write_json(FOLDER / "config.json", CONFIGURATION | {"model_type": "autoencoder_tiny", "sample_size": [SIZE, SIZE]})
    golden.write_tensors(FOLDER / "model.safetensors", start)


if __name__ == "__main__":
    main()
