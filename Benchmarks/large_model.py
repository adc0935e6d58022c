"""Writes a Llama model of 7B shape with random weights in bfloat16: for figures of memory and speed, not for text.

Usage: PYTHONPATH=.libtorch .venv/bin/python Benchmarks/large_model.py TOKENIZER_FROM FOLDER   (needs 14 GB of disk)

The tokenizer is that of the model directory TOKENIZER_FROM.
"""

import json
import pathlib
import shutil
import sys

import safetensors.torch
import torch

WIDTH, INNER, LAYERS, HEADS = 4096, 11008, 32, 32


def matrix(rows, columns):
    return (torch.randn(rows, columns) * 0.02).to(torch.bfloat16)


def block(index):
    name = f"model.layers.{index}"
    tensors = {f"{name}.self_attn.{part}_proj.weight": matrix(WIDTH, WIDTH) for part in "qkvo"}
    tensors |= {f"{name}.mlp.{part}_proj.weight": matrix(INNER, WIDTH) for part in ["gate", "up"]}
    tensors[f"{name}.mlp.down_proj.weight"] = matrix(WIDTH, INNER)
    for part in ["input_layernorm", "post_attention_layernorm"]:
        tensors[f"{name}.{part}.weight"] = torch.ones(WIDTH, dtype=torch.bfloat16)
    return tensors


def main():
    source, folder = map(pathlib.Path, sys.argv[1:3])
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    for file in ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json"]:
        shutil.copy(source / file, folder / file)
    config = json.loads((source / "config.json").read_text())
    vocabulary = config["vocab_size"]
    config |= {
        "hidden_size": WIDTH, "intermediate_size": INNER, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS, "head_dim": WIDTH // HEADS, "tie_word_embeddings": False, "dtype": "bfloat16",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    shards = [lambda index=index: block(index) for index in range(LAYERS)]
    shards.append(lambda: {
        "model.embed_tokens.weight": matrix(vocabulary, WIDTH), "lm_head.weight": matrix(vocabulary, WIDTH),
        "model.norm.weight": torch.ones(WIDTH, dtype=torch.bfloat16),
    })
    places, size = {}, 0
    for index, make in enumerate(shards):
        tensors = make()
        file = f"model-{index + 1:05}-of-{len(shards):05}.safetensors"
        safetensors.torch.save_file(tensors, folder / file, metadata={"format": "pt"})
        places |= dict.fromkeys(tensors, file)
        size += sum(tensor.nbytes for tensor in tensors.values())
        print(f"{file}: {size / 1e9:.1f} GB so far", flush=True)
    index = {"metadata": {"total_size": size}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


if __name__ == "__main__":
    main()
