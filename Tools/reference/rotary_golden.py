"""Writes Tests/Golden/rotary.json: what transformers computes from golden checkpoints whose rotary numbers are spelled in
other ways. After llama_golden.py and architectures_golden.py, whose weights it uses."""

import json
import shutil
import tempfile
from pathlib import Path

import torch

import golden
from llama_golden import SEQUENCES, open_checkpoint

BASE = 500000.0
LLAMA3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 128}
STRETCHED = {"rope_type": "llama3"} | LLAMA3
LINEAR = {"type": "linear", "factor": 4.0}
KEYS = ("rope_theta", "rope_scaling", "rope_parameters", "rotary_emb_base", "rotary_pct")


def spellings(base):
    """Rotary numbers as files of several years, and mixtures of them, have them; `base` is the older key of the base."""
    return [
        {},
        {base: BASE},
        {base: BASE, "rope_parameters": None},
        {base: BASE, "rope_parameters": {}, "rope_scaling": {}},
        {base: BASE, "rope_parameters": {"rope_type": "default"}},
        {base: 1000.0, "rope_parameters": {"rope_theta": BASE}},
        {base: BASE, "rope_scaling": LINEAR, "rope_parameters": None},
        {base: BASE, "rope_parameters": LINEAR},
        {"rope_scaling": None, "rope_parameters": {"rope_type": "linear", "factor": 2, "rope_theta": BASE}},
        {"rope_scaling": None, "rope_parameters": STRETCHED | {"rope_theta": BASE}},
        {base: BASE, "rope_scaling": {"type": "llama3"} | LLAMA3, "rope_parameters": None},
        {base: BASE, "rope_scaling": {key: value for key, value in STRETCHED.items() if "original" not in key}},
    ]


CASES = {
    "llama-rope-scaled": spellings("rope_theta"),
    "mistral": spellings("rope_theta"),
    "qwen2": spellings("rope_theta"),
    "qwen3": spellings("rope_theta"),
    "gpt-neox-serial": [
        # A quarter of a head has one frequency, whatever the base.
        *({"rotary_pct": 0.5} | numbers for numbers in spellings("rotary_emb_base")),
        {"rotary_emb_base": BASE, "rope_parameters": {"partial_rotary_factor": 0.5}},
        {"rotary_emb_base": BASE, "rotary_pct": 1.0, "rope_parameters": {"partial_rotary_factor": 0.5}},
        {"rotary_emb_base": BASE},
    ],
}


def row(name, numbers):
    source = golden.FOLDER / name
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(source / "model.safetensors", folder)
        config = json.loads((source / "config.json").read_text())
        config = {key: value for key, value in config.items() if key not in KEYS} | numbers
        (Path(folder) / "config.json").write_text(json.dumps(config))
        with torch.no_grad():
            logits = golden.logits(open_checkpoint(folder), SEQUENCES[0]["ids"])[-1]
    return {"model": name, "numbers": numbers, "logits": [round(value, 7) for value in logits[:16].tolist()]}


if __name__ == "__main__":
    golden.write_json(golden.FOLDER / "rotary.json", {
        "source": "Tools/reference/rotary_golden.py",
        "versions": golden.versions(),
        "ids": SEQUENCES[0]["ids"],
        "removed": KEYS,
        "rows": [row(name, numbers) for name, rows in CASES.items() for numbers in rows],
    })
