"""The peer of `unlearn generate`: greedy decoding of one prompt with transformers' cache."""

import statistics

import torch
import transformers

import measure

PROMPT = "The history of the bicycle begins"


def main():
    chosen = measure.options(
        __doc__, model={"positional": True}, tokens={"type": int, "default": 128}, batch={"type": int, "default": 1})
    model = transformers.AutoModelForCausalLM.from_pretrained(chosen.model, dtype=torch.float32).eval()
    ids = transformers.AutoTokenizer.from_pretrained(chosen.model)(PROMPT, return_tensors="pt")

    def generate():
        with torch.inference_mode():
            output = model.generate(
                **ids, do_sample=False, min_new_tokens=chosen.tokens, max_new_tokens=chosen.tokens)
        assert output.shape[1] == ids["input_ids"].shape[1] + chosen.tokens

    values = measure.seconds(generate, chosen.repeats)
    measure.report(
        "generate", values, chosen.threads, tokens=chosen.tokens, batch=1,
        tokensPerSecond=chosen.tokens / statistics.median(values))


if __name__ == "__main__":
    main()
