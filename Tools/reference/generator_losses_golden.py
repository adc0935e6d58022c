"""Writes Tests/Golden/generators/losses.json: what the training of each kind of image-to-image model minimises, of the narrow
models in the folders beside it, from transformers, diffusers and PyTorch. Run generators_golden.py first.
"""

import json

import diffusers
import torch
import transformers
from safetensors.torch import load_file

import golden

FOLDER = golden.FOLDER / "generators"


def case(name):
    """The configuration, the parameters and the tensors of a golden model."""
    folder = FOLDER / name
    return (json.loads((folder / "config.json").read_text()), load_file(folder / "model.safetensors"),
            load_file(folder / "golden.safetensors"))


def absolute_errors(pictures, originals, mask):
    errors = (pictures - originals).abs()
    return {"drawn": (errors * mask).sum() / (mask.sum() * errors.shape[1]), "whole": errors.mean()}


def middle(images):
    """A mask of the middle, a quarter of the pixels."""
    mask = torch.zeros(images.shape[0], 1, *images.shape[2:])
    quarter = images.shape[-1] // 4
    mask[:, :, quarter:-quarter, quarter:-quarter] = 1
    return mask


def masked_autoencoder():
    """transformers' own loss, of the squares that are not read."""
    _, _, tensors = case("masked-autoencoder")
    model = transformers.ViTMAEForPreTraining.from_pretrained(FOLDER / "masked-autoencoder").eval()
    patch = model.config.patch_size
    hidden = tensors["mask"][:, 0, ::patch, ::patch].flatten(1)
    model.config.mask_ratio = hidden.mean().item()
    noise = hidden * 100 + torch.arange(hidden.shape[1])
    output = model(tensors["input.images"], noise=noise)
    assert torch.equal(output.mask, hidden)
    squares = model.patchify(tensors["input.images"]) - output.logits
    return {"hidden-squares": output.loss, "whole": squares.square().mean()}


def pictures(name):
    """The absolute error of what a model drew, which its own golden test compares."""
    _, _, tensors = case(name)
    images = tensors["input.images"]
    return absolute_errors(tensors["result.pictures"], images, middle(images))


def vqgan():
    _, _, tensors = case("vqgan")
    return pictures("vqgan") | {"codebook": tensors["result.codebookLoss"]}


def diffusion_inpainter():
    """The error of the noise that a U-Net of diffusers finds, where something is missing."""
    configuration, parameters, tensors = case("diffusion-inpainter")
    known = {key: configuration[key] for key in (
        "sample_size", "in_channels", "out_channels", "block_out_channels", "layers_per_block", "down_block_types",
        "up_block_types", "norm_num_groups", "attention_head_dim")}
    model = diffusers.UNet2DModel(**known)
    model.load_state_dict(parameters)
    steps = torch.tensor([3, 17])
    scheduler = diffusers.DDPMScheduler(
        **{key: configuration[key] for key in ("num_train_timesteps", "beta_start", "beta_end")})
    images, mask = tensors["input.images"], tensors["mask"]
    noised = scheduler.add_noise(tensors["input.clean"], tensors["input.start"], steps)
    found = model(torch.cat([images, images * (1 - mask) + noised * mask], dim=1), steps).sample
    return {"noise": (found - tensors["input.start"])[mask.expand_as(found) == 1].square().mean()}


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    losses = {
        "tiny-autoencoder": pictures("tiny-autoencoder"), "masked-autoencoder": masked_autoencoder(), "vqgan": vqgan(),
        "diffusion-inpainter": diffusion_inpainter()}
    golden.write_json(FOLDER / "losses.json", {
        "source": "Tools/reference/generator_losses_golden.py",
        "versions": golden.versions() | {"diffusers": diffusers.__version__},
        "losses": {name: {key: value.item() for key, value in terms.items()} for name, terms in losses.items()}})
