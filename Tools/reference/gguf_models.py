# Writes Tests/Golden/NAME/model.gguf: the tiny golden checkpoints as the `gguf` package writes them, under the names of
# its own table and with the rows in llama.cpp's order, so that reading GGUF is checked against somebody else's writer.
# Usage: python Tools/reference/gguf_models.py, after architectures_golden.py (needs `pip install gguf safetensors torch`)
import json
from pathlib import Path

import gguf
import numpy as np
import safetensors.torch

GOLDEN = Path(__file__).resolve().parents[2] / "Tests" / "Golden"
MODELS = {"mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}


def permuted(weights, heads):
    """As llama.cpp's convert_hf_to_gguf.py reorders the rows of query and key projections."""
    return (
        weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2)
        .reshape(weights.shape))


def write(name, architecture):
    folder = GOLDEN / name
    config = json.loads((folder / "config.json").read_text())
    kind = next(kind for kind, known in gguf.MODEL_ARCH_NAMES.items() if known == architecture)
    names = gguf.get_tensor_name_map(kind, config["num_hidden_layers"])
    writer = gguf.GGUFWriter(folder / "model.gguf", architecture)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    rotary = config.get("rope_parameters") or config
    writer.add_rope_freq_base(rotary.get("rope_theta", 10000.0))
    if config.get("head_dim"):
        writer.add_key_length(config["head_dim"])
        writer.add_value_length(config["head_dim"])
    if config["model_type"] == "mistral" and config.get("sliding_window"):
        writer.add_sliding_window(config["sliding_window"])
    for tensor, weights in sorted(safetensors.torch.load_file(folder / "model.safetensors").items()):
        values = weights.float().numpy()
        if architecture == "llama" and ".q_proj." in tensor:
            values = permuted(values, config["num_attention_heads"])
        if architecture == "llama" and ".k_proj." in tensor:
            values = permuted(values, config["num_key_value_heads"])
        writer.add_tensor(names.get_name(tensor, try_suffixes=(".weight", ".bias")), np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


for name, architecture in MODELS.items():
    write(name, architecture)
