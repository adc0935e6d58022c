"""Checks a GGUF file that `unlearn convert` wrote, with the `gguf` package, against the model that it came from.

Usage: check_gguf.py FILE.gguf MODEL_DIR

MODEL_DIR is the Hugging Face directory. Tensors are expected under the names of the package's own table, query and key
rows of Llama and Mistral in llama.cpp's order, and in the types that the file has: quantised by the package, they must
be equal byte for byte. Tokens, merges, special tokens and the chat template must be those of the directory.
Prints one line for each check; the exit code is 1 if any failed.
"""

import json
import pathlib
import sys

import gguf
import numpy as np
import safetensors.torch
import torch
from gguf import GGMLQuantizationType as Type

from checks import Checks

ARCHITECTURES = {"llama": "llama", "mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}
KEYS = {
    "context_length": "max_position_embeddings", "embedding_length": "hidden_size", "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size", "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads", "vocab_size": "vocab_size",
}


def permuted(weights, heads):
    """As llama.cpp's convert_hf_to_gguf.py reorders the rows of query and key projections."""
    return (
        weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2)
        .reshape(weights.shape))


def check_tensors(reader, model, config, checks):
    architecture = ARCHITECTURES[config["model_type"]]
    kind = next(kind for kind, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    names = gguf.get_tensor_name_map(kind, config["num_hidden_layers"])
    found = {tensor.name: tensor for tensor in reader.tensors}
    types, largest, wrong = {}, 0.0, []
    expected = {"rope_freqs.weight"} & set(found)
    for name, weights in model.items():
        if name == "lm_head.weight" and config.get("tie_word_embeddings"):
            continue
        target = names.get_name(name, try_suffixes=(".weight", ".bias"))
        expected.add(target)
        tensor = found.get(target)
        values = weights.to(torch.float32).numpy()
        if architecture == "llama" and ".q_proj." in name:
            values = permuted(values, config["num_attention_heads"])
        if architecture == "llama" and ".k_proj." in name:
            values = permuted(values, config["num_key_value_heads"])
        if tensor is None or list(reversed(tensor.shape.tolist())) != list(values.shape):
            wrong.append(f"{target}: missing or of another shape")
            continue
        types[tensor.tensor_type.name] = types.get(tensor.tensor_type.name, 0) + 1
        encoded = gguf.quants.quantize(np.ascontiguousarray(values), tensor.tensor_type)
        if np.ascontiguousarray(encoded).tobytes() != np.ascontiguousarray(tensor.data).tobytes():
            wrong.append(f"{target}: other bytes than the package's quantiser writes")
        decoded = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(values.shape)
        largest = max(largest, float(np.abs(decoded - values).max() / max(1e-30, np.abs(values).max())))
    checks.record("the same tensors", set(found) == expected, str(sorted(set(found) ^ expected)[:3]) * (set(found) != expected))
    checks.record("every tensor as the package quantises it", not wrong, "; ".join(wrong[:3]) or f"{types}")
    print(f"        largest difference after dequantising, relative to its tensor's largest value: {largest:.2e}")


def check_tokenizer(reader, folder, checks):
    def value(key):
        return reader.fields[key].contents() if key in reader.fields else None

    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    config = json.loads((folder / "tokenizer_config.json").read_text())
    ids = dict(tokenizer["model"]["vocab"])
    ids.update({token["content"]: token["id"] for token in tokenizer["added_tokens"]})
    tokens = value("tokenizer.ggml.tokens")
    checks.record("every token at its id", all(tokens[id] == token for token, id in ids.items()), f"{len(ids)} tokens")
    if value("tokenizer.ggml.model") == "gpt2":
        pairs = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]]
        checks.record("the same merges", value("tokenizer.ggml.merges") == pairs, f"{len(pairs)}")
    control = {id for id, kind in enumerate(value("tokenizer.ggml.token_type")) if kind in (2, 3)}
    special = {token["id"] for token in tokenizer["added_tokens"] if token["special"]}
    checks.record("special tokens are control tokens", special <= control, f"{len(special)}")
    for name in ("bos", "eos"):
        token = config.get(f"{name}_token")
        token = token["content"] if isinstance(token, dict) else token
        if token:
            checks.record(f"the {name} token", value(f"tokenizer.ggml.{name}_token_id") == ids[token], token)
    template = folder / "chat_template.jinja"
    text = template.read_text() if template.exists() else config.get("chat_template")
    checks.record("the chat template", value("tokenizer.chat_template") == text, "none" if text is None else "")


def main():
    file, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    checks = Checks()
    reader = gguf.GGUFReader(file)
    config = json.loads((folder / "config.json").read_text())
    architecture = ARCHITECTURES[config["model_type"]]
    checks.record("the architecture", reader.fields["general.architecture"].contents() == architecture, architecture)
    for key, name in KEYS.items():
        found = reader.fields[f"{architecture}.{key}"].contents()
        expected = config.get(name, config["num_attention_heads"])
        if key == "context_length" and config["model_type"] == "mistral":
            expected = min(expected, config.get("sliding_window") or expected)
        checks.record(key, found == expected, f"{found}")
    model = {}
    for path in sorted(folder.glob("*.safetensors")):
        model.update(safetensors.torch.load_file(path))
    check_tensors(reader, model, config, checks)
    if (folder / "tokenizer.json").exists():
        check_tokenizer(reader, folder, checks)
    sys.exit(1 if checks.failures else 0)


main()
