"""Writes Tests/Golden/resnet-* and vit: narrow networks made of torchvision's blocks, with logits, loss, every gradient,
running statistics and five optimizer steps. Weights come from numpy's seeded generator.
"""

import zlib

import numpy
import torch

from vision import torchvision
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from torchvision.models.vision_transformer import VisionTransformer

import golden

CLASSES = 3
CASES = {
    "basic": {"block": BasicBlock, "planes": [4, 8, 8, 8], "depths": [2, 1, 1, 1], "small": False, "size": 32},
    "bottleneck": {"block": Bottleneck, "planes": [4, 4, 4, 4], "depths": [1, 1, 1, 1], "small": True, "size": 12},
}
VIT = {"image_size": 8, "patch_size": 4, "num_layers": 2, "num_heads": 2, "hidden_dim": 12, "mlp_dim": 24}
BATCH = 5
STEPS = 5
SGD = {"lr": 0.01, "momentum": 0.9, "weight_decay": 5e-4}
ADAM = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 5e-3}


def narrow_resnet(case):
    """torchvision's class and blocks, with its stages rebuilt in other widths."""
    model = ResNet(case["block"], case["depths"], num_classes=CLASSES)
    planes = case["planes"]
    model.inplanes = planes[0]
    stem = dict(kernel_size=3, stride=1, padding=1) if case["small"] else dict(kernel_size=7, stride=2, padding=3)
    model.conv1 = torch.nn.Conv2d(3, planes[0], bias=False, **stem)
    model.bn1 = torch.nn.BatchNorm2d(planes[0])
    if case["small"]:
        model.maxpool = torch.nn.Identity()
    for index, (width, depth) in enumerate(zip(planes, case["depths"])):
        stage = model._make_layer(case["block"], width, depth, stride=1 if index == 0 else 2)
        setattr(model, f"layer{index + 1}", stage)
    model.fc = torch.nn.Linear(planes[3] * case["block"].expansion, CLASSES)
    return model


def fill(model, generator):
    with torch.no_grad():
        for name, tensor in sorted(model.state_dict().items()):
            if name.endswith("num_batches_tracked"):
                continue
            noise = generator.standard_normal(tensor.shape)
            if name.endswith("running_var"):
                values = 1 + 0.2 * numpy.abs(noise)
            elif tensor.dim() == 1 and name.endswith("weight"):
                values = 1 + 0.2 * noise
            elif tensor.dim() == 1:
                values = 0.2 * noise
            else:
                values = noise * numpy.prod(tensor.shape[1:]) ** -0.5
            tensor.copy_(torch.from_numpy(values.astype(numpy.float32)))


def state(model, prefix=""):
    return {prefix + name: tensor for name, tensor in model.state_dict().items() if "num_batches" not in name}


def after_steps(build, start, inputs, labels, make):
    model = build()
    model.load_state_dict(start, strict=False)
    model.train()
    optimizer = make(model.parameters())
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    return model


def write_case(name, build, size, configuration):
    folder = golden.FOLDER / name
    generator = numpy.random.default_rng(zlib.crc32(name.encode()))
    model = build()
    fill(model, generator)
    start = {key: tensor.clone() for key, tensor in state(model).items()}
    shape = (BATCH, 3, size, size)
    inputs = torch.from_numpy(generator.standard_normal(shape).astype(numpy.float32))
    labels = torch.tensor([index % CLASSES for index in range(BATCH)])

    tensors = {"inputs": inputs, "logits.evaluation": model.eval()(inputs)}
    model.train()
    logits = model(inputs)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    tensors["logits.training"] = logits
    tensors |= {f"gradient.{key}": parameter.grad for key, parameter in model.named_parameters()}
    tensors |= {f"buffer.{key}": tensor for key, tensor in state(model).items() if "running" in key}
    for optimizer, make in [
        ("sgd", lambda p: torch.optim.SGD(p, **SGD)), ("adam", lambda p: torch.optim.Adam(p, **ADAM))]:
        tensors |= state(after_steps(build, start, inputs, labels, make), f"{optimizer}.")

    golden.write_tensors(folder / "model.safetensors", start)
    golden.write_tensors(folder / "golden.safetensors", tensors)
    golden.write_json(folder / "config.json", configuration | {
        "num_channels": 3, "id2label": {str(index): f"class {index}" for index in range(CLASSES)},
    })
    golden.write_json(folder / "golden.json", {
        "source": "Tools/reference/classifier_golden.py",
        "versions": golden.versions() | {"torchvision": torchvision.__version__},
        "labels": labels.tolist(), "meanCrossEntropy": loss.item(), "steps": STEPS, "sgd": SGD, "adam": ADAM,
    })


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    for case_name, settings in CASES.items():
        expansion = settings["block"].expansion
        write_case(f"resnet-{case_name}", lambda: narrow_resnet(settings), settings["size"], {
            "architectures": ["ResNetForImageClassification"], "model_type": "resnet",
            "embedding_size": settings["planes"][0], "hidden_sizes": [width * expansion for width in settings["planes"]],
            "depths": settings["depths"], "layer_type": case_name, "hidden_act": "relu",
            "downsample_in_first_stage": False, "downsample_in_bottleneck": False, "small_image_stem": settings["small"],
        })
    write_case("vit", lambda: VisionTransformer(**VIT, num_classes=CLASSES), VIT["image_size"], {
        "architectures": ["ViTForImageClassification"], "model_type": "vit", "image_size": VIT["image_size"],
        "patch_size": VIT["patch_size"], "hidden_size": VIT["hidden_dim"], "num_hidden_layers": VIT["num_layers"],
        "num_attention_heads": VIT["num_heads"], "intermediate_size": VIT["mlp_dim"], "hidden_act": "gelu",
        "layer_norm_eps": 1e-6,
    })
