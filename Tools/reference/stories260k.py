"""Writes Tests/Golden/stories260k-greedy.json: what transformers continues with, from a llama2.c checkpoint."""

import struct

import numpy
import torch
import transformers

import golden

TOKENS = 64


def read_checkpoint(path):
    """A LlamaForCausalLM with the weights of a llama2.c file (version 0: seven integers, then floats)."""
    data = path.read_bytes()
    width, inner, layers, heads, key_heads, vocabulary, length = struct.unpack("<7i", data[:28])
    values = numpy.frombuffer(data, dtype="<f4", offset=28)
    config = transformers.LlamaConfig(
        hidden_size=width, intermediate_size=inner, num_hidden_layers=layers, num_attention_heads=heads,
        num_key_value_heads=key_heads, vocab_size=abs(vocabulary), max_position_embeddings=length,
        rms_norm_eps=1e-5, tie_word_embeddings=vocabulary > 0, bos_token_id=1, eos_token_id=2)
    head = width // heads
    cursor = 0

    def take(*shape):
        nonlocal cursor
        count = int(numpy.prod(shape))
        part = torch.from_numpy(values[cursor:cursor + count].reshape(shape).copy())
        cursor += count
        return part

    def halves(rows, count):
        """Rotary pairs stand side by side in llama2.c, half a head apart in transformers."""
        return rows.view(layers, count, head // 2, 2, width).transpose(2, 3).reshape(layers, count * head, width)

    weights = {"model.embed_tokens.weight": take(abs(vocabulary), width)}
    stacks = {"input_layernorm": take(layers, width)}
    stacks["self_attn.q_proj"] = halves(take(layers, heads * head, width), heads)
    stacks["self_attn.k_proj"] = halves(take(layers, key_heads * head, width), key_heads)
    stacks["self_attn.v_proj"] = take(layers, key_heads * head, width)
    stacks["self_attn.o_proj"] = take(layers, width, heads * head)
    stacks["post_attention_layernorm"] = take(layers, width)
    stacks["mlp.gate_proj"] = take(layers, inner, width)
    stacks["mlp.down_proj"] = take(layers, width, inner)
    stacks["mlp.up_proj"] = take(layers, inner, width)
    weights["model.norm.weight"] = take(width)
    take(length, head)  # The two rotary tables, which nobody reads any more.
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"] if vocabulary > 0 else take(-vocabulary, width)
    for name, stack in stacks.items():
        for layer in range(layers):
            weights[f"model.layers.{layer}.{name}.weight"] = stack[layer]
    assert cursor == len(values), f"{path} holds {len(values)} numbers; its header implies {cursor}"
    model = transformers.LlamaForCausalLM(config)
    model.load_state_dict(weights)
    return model.eval()


class Vocabulary:
    """The pieces of a llama2.c tokenizer file, merged by score as its C code does."""

    def __init__(self, path, size):
        data = path.read_bytes()
        offset, self.pieces, self.scores = 4, [], []
        for _ in range(size):
            score, length = struct.unpack_from("<fi", data, offset)
            self.pieces.append(data[offset + 8:offset + 8 + length])
            self.scores.append(score)
            offset += 8 + length
        self.index = {piece: number for number, piece in reversed(list(enumerate(self.pieces)))}

    def encode(self, text):
        ids = [self.index[character.encode()] for character in " " + text]
        while True:
            merges = [
                (self.scores[self.index[joined]], -place, self.index[joined])
                for place, joined in enumerate(self.pieces[a] + self.pieces[b] for a, b in zip(ids, ids[1:]))
                if joined in self.index
            ]
            if not merges:
                return [1] + ids
            _, place, merged = max(merges)
            ids[-place:-place + 2] = [merged]

    def decode(self, ids):
        return b"".join(self.pieces[number] for number in ids).decode(errors="replace")


def greedy(model, ids):
    ids = list(ids)
    with torch.no_grad():
        for _ in range(TOKENS):
            ids.append(int(golden.logits(model, ids)[-1].argmax()))
    return ids


def main():
    checkpoint = golden.TEST_DATA / "lm" / "stories260K.bin"
    if not checkpoint.exists():
        golden.stop_for_missing(f"{checkpoint} is missing: set UNLEARN_TEST_DATA to the folder of the test data.")
    model = read_checkpoint(checkpoint)
    vocabulary = Vocabulary(checkpoint.with_name("tok512.bin"), model.config.vocab_size)
    cases = []
    for text in [None, "Once upon a time"]:
        prompt = [1] if text is None else vocabulary.encode(text)
        ids = greedy(model, prompt)
        cases.append({
            "prompt": text, "promptIDs": prompt, "continuationIDs": ids[len(prompt):],
            "continuation": vocabulary.decode(ids[len(prompt):]),
        })
    golden.write_json(golden.FOLDER / "stories260k-greedy.json", {
        "source": "Tools/reference/stories260k.py", "versions": golden.versions(), "cases": cases,
    })


if __name__ == "__main__":
    main()
