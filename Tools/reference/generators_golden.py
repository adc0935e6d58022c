"""Writes Tests/Golden/generators/*: narrow image-to-image models of diffusers and transformers, or of plain PyTorch where
these have no such layer, with features, pictures, a loss and every gradient. Weights come from numpy's seeded generator.
"""

import re
import sys
import zlib

import diffusers
import numpy
import torch
import transformers
from transformers.models.vit_mae import modeling_vit_mae

import golden
from tiny_autoencoder import tiny_autoencoder

BATCH = 2
FOLDER = golden.FOLDER / "generators"


def fill(model, generator):
    """Weights whose outputs have about the size of their inputs; nothing stays at a start of zeros or ones."""
    with torch.no_grad():
        for name, tensor in sorted(model.state_dict().items()):
            noise = generator.standard_normal(tuple(tensor.shape))
            if tensor.dim() == 1 and name.endswith("weight"):
                values = 1 + 0.2 * noise
            elif tensor.dim() == 1:
                values = 0.2 * noise
            else:
                values = noise * numpy.prod(tensor.shape[1:]) ** -0.5
            tensor.copy_(torch.from_numpy(values.astype(numpy.float32)))


def write_case(name, model, configuration, inputs, run, rename=lambda name: name, more=None):
    """`run(model, given)` gives named results; the loss is their weighted sum, with weights of size 1 / √count. `rename` makes
    the names of files of those in memory, and `more` are further tensors.
    """
    generator = numpy.random.default_rng(zlib.crc32(name.encode()))
    fill(model, generator)
    given = {key: torch.from_numpy(value(generator).astype(numpy.float32)) for key, value in inputs.items()}
    results = run(model, given)
    tensors = {f"input.{key}": tensor for key, tensor in given.items()}
    loss = 0
    for key, result in results.items():
        weight = generator.standard_normal(tuple(result.shape)) * result.numel() ** -0.5
        tensors[f"weight.{key}"] = torch.from_numpy(numpy.asarray(weight, numpy.float32))
        tensors[f"result.{key}"] = result
        loss = loss + (result * tensors[f"weight.{key}"]).sum()
    start = {rename(key): tensor.clone() for key, tensor in model.state_dict().items()}
    loss.backward()
    tensors |= {
        f"gradient.{rename(key)}": parameter.grad
        for key, parameter in model.named_parameters() if parameter.grad is not None}
    for key, tensor in list((start | tensors).items()):
        if re.search(r"\.attn[^.]*\..*weight$", key) and tensor.dim() == 2:
            (start if key in start else tensors)[key] = tensor[:, :, None, None]
    tensors |= more or {}
    folder = FOLDER / name
    golden.write_tensors(folder / "model.safetensors", start)
    golden.write_tensors(folder / "golden.safetensors", tensors)
    golden.write_json(folder / "config.json", configuration)
    golden.write_json(folder / "golden.json", {
        "source": "Tools/reference/generators_golden.py",
        "versions": golden.versions() | {"diffusers": diffusers.__version__}, "loss": loss.item(),
    })


def images(channels, size):
    return {"images": lambda generator: generator.uniform(-1, 1, (BATCH, channels, size, size))}


def encode_and_decode(model, given):
    features = model.encode(given["images"])
    features = getattr(features, "latents", features)
    pictures = model.decode(features)
    return {"features": features, "pictures": getattr(pictures, "sample", pictures)}


def write_tiny_autoencoders():
    configuration = {
        "in_channels": 3, "out_channels": 3, "latent_channels": 2, "encoder_block_out_channels": [4, 4, 4],
        "decoder_block_out_channels": [4, 4, 4], "num_encoder_blocks": [1, 2, 1], "num_decoder_blocks": [1, 1, 0],
    }
    model = diffusers.AutoencoderTiny(**configuration)
    # Without model_type and sample_size, as diffusers writes it.
    write_case("tiny-autoencoder", model, configuration | {"_class_name": "AutoencoderTiny"}, images(3, 8),
               encode_and_decode)
    configuration = {
        "in_channels": 1, "out_channels": 3, "latent_channels": 3, "encoder_block_out_channels": [4, 8],
        "decoder_block_out_channels": [8, 4], "num_encoder_blocks": [1, 1], "num_decoder_blocks": [1, 1],
    }
    write_case("tiny-autoencoder-norm", tiny_autoencoder(**configuration, use_midblock_gn=True), configuration | {
        "model_type": "autoencoder_tiny", "sample_size": [6, 6], "use_midblock_gn": True,
    }, images(1, 6), encode_and_decode)


# Names in memory, and those that transformers writes and the published weights have.
MASKED_NAMES = [
    (r"^vit\.layers", "vit.encoder.layer"), (r"^decoder\.decoder_layers", "decoder.decoder_encoder.layer"),
    (r"attention\.q_proj", "attention.attention.query"), (r"attention\.k_proj", "attention.attention.key"),
    (r"attention\.v_proj", "attention.attention.value"), (r"attention\.o_proj", "attention.output.dense"),
    (r"mlp\.fc1", "intermediate.dense"), (r"mlp\.fc2", "output.dense"),
]


def masked_name(name):
    for pattern, replacement in MASKED_NAMES:
        name = re.sub(pattern, replacement, name)
    return name


def fixed_positions(side, width):
    """As transformers makes them for new models: columns before rows, which the published weights have."""
    values = modeling_vit_mae.build_2d_sinusoidal_position_embedding(side, side, width, cls_token=True)
    return torch.cat([values[:, width // 2:], values[:, :width // 2]], dim=1)[None]


def write_masked_autoencoder():
    size, patch, channels = 8, 2, 2
    configuration = {
        "image_size": size, "patch_size": patch, "num_channels": channels, "hidden_size": 8, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 12, "decoder_hidden_size": 4, "decoder_num_hidden_layers": 1,
        "decoder_num_attention_heads": 2, "decoder_intermediate_size": 6, "mask_ratio": 0.25,
    }
    model = transformers.ViTMAEForPreTraining(transformers.ViTMAEConfig(**configuration))
    positions = {
        "positions.encoder": fixed_positions(size // patch, configuration["hidden_size"]),
        "positions.decoder": fixed_positions(size // patch, configuration["decoder_hidden_size"]),
    }
    # The middle is missing in the first image, another quarter in the second.
    hidden = torch.zeros(BATCH, size // patch, size // patch)
    hidden[0, 1:3, 1:3] = 1
    hidden[1, 0, :] = 1
    hidden = hidden.reshape(BATCH, -1)

    def run(model, given):
        # Squares are sorted by this noise: those that are read come first, in their own order.
        noise = hidden * 100 + torch.arange(hidden.shape[1])
        latent = model.vit(given["images"], noise=noise)
        logits = model(given["images"], noise=noise).logits
        return {"features": latent.last_hidden_state, "pictures": model.unpatchify(logits)}

    mask = hidden.reshape(BATCH, 1, size // patch, size // patch)
    mask = mask.repeat_interleave(patch, 2).repeat_interleave(patch, 3)
    write_case("masked-autoencoder", model.eval(), configuration | {
        "architectures": ["ViTMAEForPreTraining"], "model_type": "vit_mae"}, images(channels, size), run, masked_name,
        positions | {"mask": mask})


def vqgan_name(name, levels):
    """taming-transformers' name of a parameter of diffusers' VQModel."""
    for pattern, replacement in [
            (r"down_blocks\.(\d+)", r"down.\1"), (r"mid_block\.resnets\.0", "mid.block_1"),
            (r"mid_block\.resnets\.1", "mid.block_2"), (r"mid_block\.attentions\.0", "mid.attn_1"),
            (r"resnets", "block"), (r"attentions", "attn"), (r"group_norm", "norm"), (r"to_out\.0", "proj_out"),
            (r"\.to_([qkv])", r".\1"), (r"conv_shortcut", "nin_shortcut"), (r"conv_norm_out", "norm_out"),
            (r"downsamplers\.0", "downsample"), (r"upsamplers\.0", "upsample")]:
        name = re.sub(pattern, replacement, name)
    return re.sub(r"up_blocks\.(\d+)", lambda match: f"up.{levels - 1 - int(match[1])}", name)


def write_vqgan():
    groups, codes, width = 2, 6, 4
    model = diffusers.VQModel(
        in_channels=1, out_channels=1, down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
        up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D"), block_out_channels=(width, 2 * width),
        layers_per_block=1, latent_channels=3, num_vq_embeddings=codes, norm_num_groups=groups, vq_embed_dim=2)
    # The paper's loss: the commitment of features has the smaller weight. The authors' first code has it the other way round.
    model.quantize.legacy = False

    def run(model, given):
        features = model.encode(given["images"]).latents
        _, codebook_loss, _ = model.quantize(features)
        return {"features": features, "pictures": model.decode(features).sample, "codebookLoss": codebook_loss}

    # taming's attention has convolutions of one pixel, with the same numbers.
    write_case("vqgan", model, {
        "model_type": "vqgan", "embed_dim": 2, "n_embed": codes, "norm_num_groups": groups, "ddconfig": {
            "double_z": False, "z_channels": 3, "resolution": 8, "in_channels": 1, "out_ch": 1, "ch": width,
            "ch_mult": [1, 2], "num_res_blocks": 1, "attn_resolutions": [4], "dropout": 0.0},
    }, images(1, 8), run, lambda name: vqgan_name(name, 2))


def redrawn(model, scheduler, given, mask, steps, noises):
    """The picture that a scheduler of diffusers draws with the given noise; `noises` are those of its steps."""
    module = sys.modules[type(scheduler).__module__]
    module.randn_tensor = lambda *_, **__: next(noises)
    scheduler.set_timesteps(steps)
    picture = given["start"]
    with torch.no_grad():
        for step in scheduler.timesteps:
            seen = torch.cat([given["images"], given["images"] * (1 - mask) + picture * mask], dim=1)
            picture = scheduler.step(model(seen, step).sample, step, picture).prev_sample
    return given["images"] * (1 - mask) + picture.clamp(-1, 1) * mask


def write_diffusion_inpainter():
    configuration = {
        "sample_size": 8, "in_channels": 2, "out_channels": 1, "block_out_channels": [4, 8], "layers_per_block": 1,
        "down_block_types": ["DownBlock2D", "AttnDownBlock2D"], "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
        "norm_num_groups": 2, "attention_head_dim": 4,
    }
    schedule = {"num_train_timesteps": 20, "beta_start": 0.01, "beta_end": 0.3}
    model = diffusers.UNet2DModel(**configuration)
    steps = torch.tensor([3, 17])
    mask = torch.zeros(BATCH, 1, 8, 8)
    mask[:, :, 2:6, 2:6] = 1
    more = {"mask": mask}

    def run(model, given):
        given["images"] = given["images"] * (1 - mask)
        scheduler = diffusers.DDPMScheduler(**schedule)
        noised = scheduler.add_noise(given["clean"], given["start"], steps)
        seen = torch.cat([given["images"], given["images"] * (1 - mask) + noised * mask], dim=1)
        more["noised"] = noised
        more["ddim"] = redrawn(model, diffusers.DDIMScheduler(**schedule), given, mask, 5, iter(()))
        more["ddpm"] = redrawn(model, scheduler, given, mask, 4, iter(given["fresh"]))
        velocity = schedule | {"prediction_type": "v_prediction"}
        more["velocity"] = scheduler.get_velocity(given["clean"], given["start"], steps)
        more["velocity.ddim"] = redrawn(model, diffusers.DDIMScheduler(**velocity), given, mask, 5, iter(()))
        more["velocity.ddpm"] = redrawn(
            model, diffusers.DDPMScheduler(**velocity), given, mask, 4, iter(given["fresh"]))
        return {"noise": model(seen, steps).sample}

    shape = (BATCH, 1, 8, 8)
    write_case("diffusion-inpainter", model, configuration | schedule | {
        "model_type": "diffusion_inpainter", "num_inference_steps": 5,
    }, images(1, 8) | {
        "clean": lambda generator: generator.uniform(-1, 1, shape), "start": lambda generator: generator.normal(size=shape),
        "fresh": lambda generator: generator.normal(size=(3, *shape)),
    }, run, more=more)


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    write_tiny_autoencoders()
    write_masked_autoencoder()
    write_vqgan()
    write_diffusion_inpainter()
