"""The peer of `unlearn generate`: greedy decoding with transformers' cache, of one prompt or of a file with one a line."""

import pathlib
import statistics

import torch
import transformers

import measure

PROMPT = "The history of the bicycle begins"


def main():
    chosen = measure.options(
        __doc__, model={"positional": True}, tokens={"type": int, "default": 128}, prompts={})
    model = transformers.AutoModelForCausalLM.from_pretrained(chosen.model, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(chosen.model, padding_side="left")
    tokenizer.pad_token = tokenizer.eos_token
    texts = pathlib.Path(chosen.prompts).read_text().splitlines() if chosen.prompts else [PROMPT]
    ids = tokenizer(texts, return_tensors="pt", padding=True)

    def generate():
        with torch.inference_mode():
            output = model.generate(
                **ids, do_sample=False, min_new_tokens=chosen.tokens, max_new_tokens=chosen.tokens)
        assert output.shape[1] == ids["input_ids"].shape[1] + chosen.tokens

    values = measure.seconds(generate, chosen.repeats)
    measure.report(
        "generate", values, chosen.threads, tokens=chosen.tokens, batch=len(texts),
        tokensPerSecond=len(texts) * chosen.tokens / statistics.median(values))


if __name__ == "__main__":
    main()
