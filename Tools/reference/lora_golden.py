"""Writes Tests/Golden/lora-tied: a PEFT adapter of the golden model llama-tied, with its logits and its gradients."""

import json

import numpy
import peft
import torch

import golden
from llama_golden import SEQUENCES, open_checkpoint, sequence_sums

BASE = "llama-tied"
CONFIGURATION = {"r": 2, "lora_alpha": 8, "target_modules": ["down_proj", "q_proj"], "task_type": "CAUSAL_LM"}


def adapted(base):
    """The model with additions that are far from zero in both matrices."""
    model = peft.get_peft_model(base, peft.LoraConfig(**CONFIGURATION))
    generator = numpy.random.default_rng(20260101)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if "lora_" in name:
                values = 0.3 * generator.standard_normal(parameter.shape)
                parameter.copy_(torch.from_numpy(values.astype(numpy.float32)))
    return model


def save(model, folder):
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    configuration = json.loads(path.read_text())
    # PEFT writes a set, whose order differs from run to run, and the place of this project.
    configuration["target_modules"] = sorted(configuration["target_modules"])
    configuration["base_model_name_or_path"] = f"../{BASE}"
    path.write_text(json.dumps(configuration, indent=2, sort_keys=True) + "\n")


def main():
    folder = golden.FOLDER / "lora-tied"
    model = adapted(open_checkpoint(golden.FOLDER / BASE))
    save(model, folder)
    tensors = {f"logits.{index}": golden.logits(model, item["ids"]) for index, item in enumerate(SEQUENCES)}
    sums = sequence_sums(model)
    tokens = sum(sum(item["labelled"]) for item in SEQUENCES)
    (sums.sum() / tokens).backward()
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            key = name.removeprefix("base_model.model.").replace(".default", "")
            tensors[f"gradient.{key}"] = parameter.grad
    golden.write_tensors(folder / "golden.safetensors", tensors)
    golden.write_json(folder / "golden.json", {
        "source": "Tools/reference/lora_golden.py",
        "versions": golden.versions() | {"peft": peft.__version__},
        "sequences": SEQUENCES,
        "sequenceSums": sums.tolist(),
    })


if __name__ == "__main__":
    main()
