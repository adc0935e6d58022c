"""Writes Tests/Golden/degradations.safetensors: images made coarser and grey by PyTorch."""

import numpy
import torch

import golden

if __name__ == "__main__":
    generator = numpy.random.default_rng(0)
    images = torch.from_numpy(generator.uniform(-1, 1, (2, 3, 6, 8)).astype(numpy.float32))
    small = torch.nn.functional.avg_pool2d(images, 2)
    # PIL's and ITU-R BT.601's luma.
    grey = 0.299 * images[:, :1] + 0.587 * images[:, 1:2] + 0.114 * images[:, 2:]
    golden.write_tensors(golden.FOLDER / "degradations.safetensors", {
        "images": images,
        "nearest": torch.nn.functional.interpolate(small, scale_factor=2, mode="nearest"),
        "bilinear": torch.nn.functional.interpolate(small, scale_factor=2, mode="bilinear"),
        "colourisation": grey.expand(-1, 3, -1, -1),
    })
