"""Writes Tests/Golden/inception-v3: torchvision's network with every width divided by sixteen, on pictures that have to be
enlarged first: features, logits, loss and every gradient, and the running statistics after a batch. Weights come from numpy's seeded generator.
"""

import zlib

import numpy
import torch

from vision import torchvision
from torchvision.models.inception import (
    BasicConv2d, Inception3, InceptionA, InceptionAux, InceptionB, InceptionC, InceptionD, InceptionE)

from classifier_golden import fill, state
import golden

NAME = "inception-v3"
DIVISOR = 16
CLASSES = 3
BATCH = 6
PIXELS = 52
SIDE = 171
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def narrow(width):
    return width if width == 3 else width // DIVISOR


class NarrowConv2d(BasicConv2d):
    def __init__(self, inputs, outputs, **settings):
        super().__init__(narrow(inputs), narrow(outputs), **settings)


def narrow_blocks():
    def of(block):
        return lambda *widths, **settings: block(*widths, **settings, conv_block=NarrowConv2d)
    blocks = [of(block) for block in [InceptionA, InceptionB, InceptionC, InceptionD, InceptionE]]
    return [NarrowConv2d, *blocks, InceptionAux]


def model():
    network = Inception3(
        num_classes=CLASSES, aux_logits=False, transform_input=False, inception_blocks=narrow_blocks(), init_weights=False,
        dropout=0.0)
    network.fc = torch.nn.Linear(2048 // DIVISOR, CLASSES)
    return network


def main():
    torch.use_deterministic_algorithms(False)  # enlarging has no deterministic gradient, and none is asked of it
    folder = golden.FOLDER / NAME
    generator = numpy.random.default_rng(zlib.crc32(NAME.encode()))
    network = model()
    fill(network, generator)
    start = {key: tensor.clone() for key, tensor in state(network).items()}
    inputs = torch.from_numpy(generator.uniform(-1, 1, (BATCH, 3, PIXELS, PIXELS)).astype(numpy.float32))
    labels = torch.tensor([index % CLASSES for index in range(BATCH)])

    enlarged = torch.nn.functional.interpolate(inputs, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    mean, deviation = (torch.tensor(values).reshape(3, 1, 1) for values in (MEAN, DEVIATION))
    read = (enlarged * 0.5 + 0.5 - mean) / deviation
    pooled = []
    network.avgpool.register_forward_hook(lambda module, arguments, result: pooled.append(result.flatten(1)))
    # Gradients by the running statistics: by those of a batch, even PyTorch's own differ by a tenth in double precision.
    logits = network.eval()(read)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    tensors = {"inputs": inputs, "logits.evaluation": logits, "features.evaluation": pooled[0]}
    tensors |= {f"gradient.{key}": parameter.grad for key, parameter in network.named_parameters()}
    with torch.no_grad():
        tensors["logits.training"] = network.train()(read)
    tensors |= {f"buffer.{key}": tensor for key, tensor in state(network).items() if "running" in key}

    # What the file of a downloaded network holds beside these.
    start |= {"AuxLogits.fc.bias": torch.zeros(CLASSES)}
    golden.write_tensors(folder / "model.safetensors", start)
    golden.write_tensors(folder / "golden.safetensors", tensors)
    golden.write_json(folder / "config.json", {
        "architecture": "inception_v3", "num_classes": CLASSES, "num_features": 2048 // DIVISOR, "global_pool": "avg",
        "pretrained_cfg": {"input_size": [3, SIDE, SIDE], "interpolation": "bicubic", "mean": MEAN, "std": DEVIATION},
        "width_divisor": DIVISOR,
    })
    golden.write_json(folder / "golden.json", {
        "source": "Tools/reference/inception_golden.py",
        "versions": golden.versions() | {"torchvision": torchvision.__version__},
        "labels": labels.tolist(), "training": False, "meanCrossEntropy": loss.item(),
    })


if __name__ == "__main__":
    main()
