"""Writes Tests/Golden/smollm2-tokenizer.json, and checks a tokenizer that this program saved against it.

    python Tools/reference/tokenizer_golden.py golden MODEL.gguf Tests/Golden/smollm2-tokenizer.json
    python Tools/reference/tokenizer_golden.py check DIRECTORY Tests/Golden/smollm2-tokenizer.json

`golden` builds SmolLM2's tokenizer with the tokenizers library from the vocabulary in the GGUF file, in the way of the
model's own tokenizer.json, and renders chats with Jinja; nothing of this program takes part. `check` opens DIRECTORY
with transformers.AutoTokenizer and compares ids, decoded texts and chats. Needs tokenizers, transformers and Jinja2.
"""

import json
import struct
import sys

LINES = [
    "",
    " ",
    "   ",
    "\n",
    "\n\n\n",
    " \t \n  x\r\n\r\ny \n",
    "The capital of France is",
    "  Two spaces before, and two after  ",
    "It's what we've said: they'll go, I'd stay, you're IT'S WE'VE",
    "naïve café, NAÏVE CAFÉ, e\u0301 is not é",
    "Zürich – «Straße» … ‘quoted’ “twice”",
    "1 12 123 1234 12345678901234567890 3.14159 1,000,000 ½ ² Ⅷ ٣٤ ４５",
    "if (x == 0) { return -1; }  // comment\n\tfor i in range(10):\n        print(i)\n",
    "Кто такой Гарри Поттер?",
    "Ποιος είναι; Ένας μάγος.",
    "谁是哈利·波特？他住在倫敦。",
    "ハリー・ポッターはだれですか。",
    "해리 포터는 누구입니까?",
    "من هو؟ هُوَ سَاحِرٌ",
    "מי זה? הוא קוסם.",
    "हैरी कौन है? वह जादूगर है।",
    "แฮร์รี่คือใคร",
    "🦙🚀 👩‍👩‍👧‍👦 🏳️‍🌈 🇫🇷 👍🏽 ☺️",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈 𒀀 ﷽",
    "a\u00a0b\u2003c\u3000d\u180ee\u200bf\ufeffg\u2028h\u0085i\u001cj",
    "zero\u0000byte \u007f \u0001",
    "<|im_start|>system\nObey.<|im_end|>\n",
    "<|im_start|> <|im_star|> <|endoftext|><|endoftext|>x<repo_name>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "pneumonoultramicroscopicsilicovolcanoconiosis Donaudampfschifffahrtsgesellschaftskapitän",
    "https://example.org/a_b?c=d&e=%20#f user@example.org $x^2 + y_1 \\frac{a}{b}$",
    "!!!???...---***///\\\\\\ ((())) [[[]]] {{{}}}",
]

CHATS = [
    ([("user", "Who is Harry Potter?")], True),
    ([("user", "\n\nHi\n")], True),
    ([("system", "Be brief."), ("user", "2+2?")], True),
    ([("user", "2+2?"), ("assistant", "4."), ("user", " And 3+3?")], True),
    ([("user", "2+2?"), ("assistant", "4.")], False),
]


def read_metadata(path):
    """The metadata of a GGUF file as a dictionary."""
    plain = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
    with open(path, "rb") as file:

        def number(code):
            return struct.unpack("<" + code, file.read(struct.calcsize("<" + code)))[0]

        def text():
            return file.read(number("Q")).decode()

        def value(kind):
            if kind == 8:
                return text()
            if kind == 9:
                element, count = number("I"), number("Q")
                return [value(element) for _ in range(count)]
            return number(plain[kind])

        file.seek(16)
        return {text(): value(number("I")) for _ in range(number("Q"))}


def independent_tokenizer(metadata):
    """SmolLM2's tokenizer: digits one by one, then GPT-2's cuts, then byte-level merges."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokens = metadata["tokenizer.ggml.tokens"]
    merges = [tuple(line.split(" ")) for line in metadata["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: id for id, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, metadata["tokenizer.ggml.token_type"]) if kind == 3]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    return tokenizer


def messages_of(turns):
    return [{"role": role, "content": content} for role, content in turns]


def write_golden(model, output):
    import jinja2

    metadata = read_metadata(model)
    tokenizer = independent_tokenizer(metadata)
    template = jinja2.Template(metadata["tokenizer.chat_template"], keep_trailing_newline=True)
    lines = []
    for text in LINES:
        tokenizer.encode_special_tokens = False
        parsed = tokenizer.encode(text).ids
        tokenizer.encode_special_tokens = True
        plain = tokenizer.encode(text).ids
        lines.append({"text": text, "ids": parsed, "plainIDs": plain, "decoded": tokenizer.decode(parsed)})
    tokenizer.encode_special_tokens = False
    chats = []
    for turns, prompt in CHATS:
        text = template.render(messages=messages_of(turns), add_generation_prompt=prompt)
        chats.append(
            {"messages": messages_of(turns), "addGenerationPrompt": prompt, "ids": tokenizer.encode(text).ids}
        )
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"lines": lines, "chats": chats}, file, indent=1)
        file.write("\n")


def check(directory, golden):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(directory)
    with open(golden, encoding="utf-8") as file:
        expected = json.load(file)
    mistakes = 0

    def compare(what, found, wanted):
        nonlocal mistakes
        if found != wanted:
            mistakes += 1
            print(f"{what}: {found} instead of {wanted}")

    for line in expected["lines"]:
        text = line["text"]
        compare(f"ids of {text!r}", tokenizer.encode(text, add_special_tokens=False), line["ids"])
        compare(f"plain ids of {text!r}", tokenizer.encode(text, split_special_tokens=True), line["plainIDs"])
        compare(f"decoded {text!r}", tokenizer.decode(line["ids"], skip_special_tokens=True), line["decoded"])
    for chat in expected["chats"]:
        ids = tokenizer.apply_chat_template(
            chat["messages"], add_generation_prompt=chat["addGenerationPrompt"], return_dict=False
        )
        compare(f"chat {chat['messages']}", ids, chat["ids"])
    print(f"{len(expected['lines'])} lines and {len(expected['chats'])} chats, {mistakes} mistakes")
    return mistakes == 0


if __name__ == "__main__":
    command, source, golden = sys.argv[1:]
    if command == "golden":
        write_golden(source, golden)
    elif not check(source, golden):
        sys.exit(1)
