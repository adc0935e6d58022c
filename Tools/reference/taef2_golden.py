"""Writes Tests/Golden/generators/taef2.*: what TAEF2's published weights make of one picture, in plain PyTorch, and the size
of the encoder's gradients.
"""

import numpy
import safetensors.torch
import torch

import golden
from tiny_autoencoder import tiny_autoencoder

SIDE = 32


def main():
    folder = golden.TEST_DATA / "i2i"
    if not folder.exists():
        golden.stop_for_missing(f"taef2_golden: there is no {folder}")
    model = tiny_autoencoder(3, 3, 32, [64] * 4, [64] * 4, [1, 3, 3, 3], [3, 3, 3, 1], use_midblock_gn=True)
    state = {}
    for part, first in [("encoder", 0), ("decoder", 1)]:
        for name, tensor in safetensors.torch.load_file(folder / f"taef2_{part}.safetensors").items():
            layer, rest = name.split(".", 1)
            state[f"{part}.layers.{int(layer) - first}.{rest}"] = tensor.float()
    model.load_state_dict(state)
    y, x = numpy.mgrid[0:SIDE, 0:SIDE] / SIDE
    picture = numpy.stack([numpy.sin(6 * x + 2 * y), numpy.cos(5 * y) * x, (x - 0.5) ** 2 + y - 0.7])
    picture[:, 8:20, 12:24] = 0.9
    images = torch.from_numpy(picture[None].clip(-1, 1).astype(numpy.float32))
    features = model.encode(images)
    pictures = model.decode(features)
    ((pictures - images) ** 2).mean().backward()
    golden.write_tensors(golden.FOLDER / "generators" / "taef2.safetensors", {
        "input.images": images, "result.features": features, "result.pictures": pictures,
    })
    golden.write_json(golden.FOLDER / "generators" / "taef2.json", {
        "source": "Tools/reference/taef2_golden.py", "versions": golden.versions(),
        "gradientNorms": {
            name: parameter.grad.norm().item() for name, parameter in model.named_parameters() if "encoder" in name},
    })


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    main()
