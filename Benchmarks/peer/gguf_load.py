"""The peer of `unlearn convert`'s reading half: transformers opens a GGUF file. Imports are not counted."""

import pathlib

import torch
import transformers

import measure


def main():
    chosen = measure.options(__doc__, file={"positional": True, "type": pathlib.Path})

    def load():
        transformers.AutoModelForCausalLM.from_pretrained(
            chosen.file.parent, gguf_file=chosen.file.name, dtype=torch.float32)

    values = measure.seconds(load, chosen.repeats, warm_up=0)
    measure.report("gguf-load", values, chosen.threads, bytes=chosen.file.stat().st_size)


if __name__ == "__main__":
    main()
