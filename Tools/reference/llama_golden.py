"""Writes Tests/Golden/llama-*: tiny Llama checkpoints with logits, losses, every gradient and five AdamW steps.

Weights come from numpy's seeded generator, not from an initialiser, so that no layer starts near zero and every
gradient is far from the rounding error.
"""

import json
import zlib

import numpy
import torch
import transformers

import golden

SHAPE = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_act": "silu",
    "attention_bias": False,
    "mlp_bias": False,
    "vocab_size": 64,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "rms_norm_eps": 1e-5,
    "bos_token_id": 1,
    "eos_token_id": 2,
}

# Files of transformers 4 give the rotary base as rope_theta, with rope_scaling beside it; those of transformers 5
# give rope_parameters. Both must load.
CASES = {
    "tied": {"tie_word_embeddings": True, "rope_theta": 10000.0, "dtype": "float32"},
    "untied": {
        "tie_word_embeddings": False,
        "rms_norm_eps": 1e-6,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
        "dtype": "float32",
    },
    # Wavelengths 6.3, 63, 628 and 6283 against the bounds 32 and 128: one kept, one blended, two divided by 8.
    "rope-scaled": {
        "tie_word_embeddings": False,
        "head_dim": 8,
        "rope_theta": 10000.0,
        "rope_scaling": {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 128,
        },
        "torch_dtype": "float32",
    },
}

# Two sequences of different lengths. labelled[i] says that token i is a target, predicted from the tokens before it.
SEQUENCES = [
    {"ids": [1, 17, 42, 9, 33, 5, 60, 21, 8, 50, 2], "labelled": [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]},
    {"ids": [1, 30, 12, 55, 7, 19, 2], "labelled": [0, 0, 0, 1, 1, 1, 1]},
]
OPTIMIZER = {"lr": 1e-3, "betas": (0.9, 0.95), "eps": 1e-8, "weight_decay": 0.01}
STEPS = 5


def write_checkpoint(folder, name, settings, shape=SHAPE):
    """A Hugging Face directory with the given config.json, and weights drawn from a generator seeded by its name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(shape | settings, indent=2) + "\n")
    generator = numpy.random.default_rng(zlib.crc32(name.encode()))
    model = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.from_pretrained(folder)).float()
    with torch.no_grad():
        for parameter in (parameter for _, parameter in sorted(model.named_parameters())):
            scale, mean = (0.2, 1.0) if parameter.dim() == 1 else (parameter.shape[-1] ** -0.5, 0.0)
            values = mean + scale * generator.standard_normal(parameter.shape)
            parameter.copy_(torch.from_numpy(values.astype(numpy.float32)))
    golden.write_tensors(folder / "model.safetensors", dict(model.named_parameters()))
    return open_checkpoint(folder)


def open_checkpoint(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32).train()


def sequence_sums(model):
    """[sequences] sums of −log p over the labelled tokens."""
    return torch.stack([golden.token_losses(model, item["ids"], item["labelled"]).sum() for item in SEQUENCES])


def write_case(folder, name, settings, shape=SHAPE, source="llama_golden"):
    folder = golden.FOLDER / folder
    model = write_checkpoint(folder, name, settings, shape)
    tokens = sum(sum(item["labelled"]) for item in SEQUENCES)
    tensors = {f"logits.{index}": golden.logits(model, item["ids"]) for index, item in enumerate(SEQUENCES)}

    sums = sequence_sums(model)
    (sums.sum() / tokens).backward()
    tensors |= {f"gradient.{key}": parameter.grad.clone() for key, parameter in model.named_parameters()}

    optimizer = torch.optim.AdamW(model.parameters(), **OPTIMIZER)
    trajectory = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = sequence_sums(model).sum() / tokens
        trajectory.append(loss.item())
        loss.backward()
        optimizer.step()
    tensors |= {f"after.{key}": parameter for key, parameter in model.named_parameters()}
    tensors |= {f"afterLogits.{index}": golden.logits(model, item["ids"]) for index, item in enumerate(SEQUENCES)}

    golden.write_tensors(folder / "golden.safetensors", tensors)
    golden.write_json(folder / "golden.json", {
        "source": f"Tools/reference/{source}.py",
        "versions": golden.versions(),
        "sequences": SEQUENCES,
        "sequenceSums": sums.tolist(),
        "tokens": tokens,
        "tokenMean": sums.sum().item() / tokens,
        "optimizer": OPTIMIZER | {"steps": STEPS, "objective": "tokenMean over both sequences"},
        "tokenMeanBeforeEachStep": trajectory,
        "tokenMeanAfter": sequence_sums(model).sum().item() / tokens,
    })


if __name__ == "__main__":
    for case, case_settings in CASES.items():
        write_case(f"llama-{case}", case, case_settings)
