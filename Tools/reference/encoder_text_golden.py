"""Writes Tests/Golden/encoder-text: small WordPiece and RoBERTa tokenizers, and what transformers makes of texts.

    python Tools/reference/encoder_text_golden.py

`NAME/` is the folder of a tokenizer; `encodings.json` says which ids each text becomes with each: with special tokens
around it, with those that it spells counted as such or not, and cut to a length. `characters.json` has, as ranges, what
BERT's normalizer and pre-tokenizer in the tokenizers library make of every character.
"""

import json
import zlib

import numpy
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoTokenizer

import golden
from tokenizer_golden import LINES

FOLDER = golden.FOLDER / "encoder-text"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LIMIT = 12
EXTRA = [
    "[CLS] spelled out [SEP] twice[MASK]d [UNK] [unk] [PAD]",
    "<s> spelled </s> out <mask>  <pad><unk> <s>",
    "x" * 100,
    "x" * 101,
    "é" * 101 + " short",
    "ΟΔΟΣ İstanbul ıI ẞ ǅ Å Å ﬁ ½",
    "naïve cafés: Ünïcödé, re\u0301sume\u0301, à la carte—wörld",
    "don't stop-me now!!! (really?) #tag @user $5.00 50% a_b c/d",
    "一二三 mixed漢字and kanaカナ한글 end",
    "tabs\tand\rreturns\nand\u00a0hard\u2003spaces\u3000here\u200bnot\u00adthere",
    "controls \x00\x01\x1f\x7f\x85 \ufffd \ue000 \U000e0001 gone",
    "new punctuation \u2e52 \u061d \u1bfe\u2e4f old \u2e3a‽ and marks \u0898\u1734\u1885",
    "unhappiness unbelievable ing ##ing ed",
    "a toxic sentence. A harmless Sentence! THE SENTENCE?",
    "added words: newword NewWord newwords  spaced word end",
]
ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", ".,;:!?'\"()[]{}<>#@%&*-_/\\|~^`$+=",
    "éèüößñçåøÉÈÜÑÇÅØ", "абвгдежзийёЯЮЭ", "αβγδςσΣΩάέ", "一二三漢字倫敦", "かなカナハリー", "한글포터", "אבגדהו", "هوسًاحِر",
    "हैरीजादूगर", "แฮร์รี่", "\u0301\u0308\u0327\u20dd", "🦙🚀👍🏽‍️", "\t\n\r\u00a0\u2003\u3000", "\x00\x07\u200b\u00ad\ufeff\ufffd",
    "‘’“”–—…‽«»¿¡§¶", "𝔘𝔫𐍈𒀀𠀀",
]


def random_texts(count):
    """Words of one or two alphabets each, most of them Latin."""
    generator = numpy.random.default_rng(zlib.crc32(b"encoder texts"))
    texts = []
    for _ in range(count):
        words = []
        for _ in range(generator.integers(1, 7)):
            kinds = generator.integers(0, len(ALPHABETS), size=2)
            letters = ALPHABETS[0] * 2 if generator.random() < 0.4 else ALPHABETS[kinds[0]]
            letters += ALPHABETS[kinds[1]] if generator.random() < 0.3 else ""
            words.append("".join(letters[i] for i in generator.integers(0, len(letters), size=generator.integers(1, 9))))
        texts.append(" ".join(words))
    return texts


TEXTS = LINES + EXTRA + random_texts(220)


def vocabulary():
    """Special tokens, characters, and of every word some beginnings and some pieces that go on with it."""
    tokens = dict.fromkeys(SPECIAL)
    split = pre_tokenizers.BertPreTokenizer()
    for lowercase in [True, False]:
        normalizer = normalizers.BertNormalizer(lowercase=lowercase)
        words = {word for text in TEXTS for word, _ in split.pre_tokenize_str(normalizer.normalize_str(text))}
        for word in sorted(words):
            chance = zlib.crc32(word.encode())
            if chance % 5:
                tokens |= dict.fromkeys([word[0]] + ["##" + letter for letter in word[1:]])
            length = 2 + chance % 3
            if len(word) > length and chance % 2:
                tokens |= dict.fromkeys([word[:length], "##" + word[length:][:length]])
    for word in ["un", "##happi", "##ness", "##believ", "##able", "sentence", "a", "the", "harm", "##less", "to", "##xic"]:
        tokens.setdefault(word)
    return {token: id for id, token in enumerate(tokens)}


def wordpiece(post="template", **options):
    tokenizer = Tokenizer(models.WordPiece(vocabulary(), unk_token="[UNK]"))
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken("newword", normalized=True), AddedToken("spaced word", normalized=False)])
    tokenizer.normalizer = normalizers.BertNormalizer(**options)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    first, last = ("[CLS]", tokenizer.token_to_id("[CLS]")), ("[SEP]", tokenizer.token_to_id("[SEP]"))
    if post == "bert":
        tokenizer.post_processor = processors.BertProcessing(last, first)
    else:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[first, last])
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer, {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}


def roberta(add_prefix_space):
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    ids = {token: id for id, token in enumerate(special + sorted(pre_tokenizers.ByteLevel.alphabet()))}
    merges = []
    for word in ["Ġsentence", "Ġthe", "Ġtoxic", "harmless", "ing"]:
        for length in range(2, len(word) + 1):
            if word[:length] not in ids:
                ids[word[:length]] = len(ids)
                merges.append((word[: length - 1], word[length - 1]))
    ids["<mask>"] = len(ids)
    tokenizer = Tokenizer(models.BPE(ids, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), add_prefix_space=add_prefix_space)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    tokenizer.add_special_tokens([AddedToken("<mask>", special=True, lstrip=True, normalized=False)])
    return tokenizer, {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>"}


TOKENIZERS = {
    "uncased": lambda: wordpiece(),
    "cased": lambda: wordpiece(post="bert", lowercase=False),
    "stripped": lambda: wordpiece(lowercase=False, strip_accents=True, handle_chinese_chars=False),
    "accented": lambda: wordpiece(lowercase=True, strip_accents=False, clean_text=False),
    "roberta": lambda: roberta(False),
    "roberta-spaced": lambda: roberta(True),
}
VOCABULARIES = {
    "bare": {},
    "bare-cased": {"do_lower_case": False, "tokenize_chinese_chars": False, "strip_accents": None},
}


def write_tokenizers():
    for name, make in TOKENIZERS.items():
        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer, settings = make()
        value = json.loads(tokenizer.to_str())
        golden.write_json(folder / "tokenizer.json", value)
        golden.write_json(folder / "tokenizer_config.json", settings)
    for name, settings in VOCABULARIES.items():
        golden.write_json(FOLDER / name / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer"} | settings)
        (FOLDER / name / "vocab.txt").write_text("".join(token + "\n" for token in vocabulary()))


def encodings(name):
    tokenizer = AutoTokenizer.from_pretrained(FOLDER / name)
    rows = []
    for text in TEXTS:
        plain = tokenizer(text, split_special_tokens=True).input_ids
        parsed = tokenizer(text).input_ids
        cut = tokenizer(text, split_special_tokens=True, truncation=True, max_length=LIMIT).input_ids
        rows.append([plain] + ([parsed] if parsed != plain else []))
        assert cut == (plain if len(plain) <= LIMIT else plain[: LIMIT - 1] + plain[-1:]), text
    return rows


def ranges(members):
    found = []
    for value in members:
        if found and found[-1][1] == value - 1:
            found[-1][1] = value
        else:
            found.append([value, value])
    return found


def characters():
    every = [value for value in range(0x110000) if not 0xD800 <= value < 0xE000]
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    def changed(option):
        normalizer = normalizers.BertNormalizer(**(off | {option: True}))
        return {value: normalizer.normalize_str(chr(value)) for value in every}
    clean, accents, chinese = changed("clean_text"), changed("strip_accents"), changed("handle_chinese_chars")
    split = pre_tokenizers.BertPreTokenizer()
    cuts = {value: len(split.pre_tokenize_str("a" + chr(value) + "b")) for value in every}
    return {
        "removed": ranges(value for value in every if not clean[value]),
        "spaces": ranges(value for value in every if clean[value] == " "),
        "accents": ranges(value for value in every if not accents[value]),
        "chinese": ranges(value for value in every if len(chinese[value]) > 1),
        "punctuation": ranges(value for value in every if cuts[value] == 3),
    }


if __name__ == "__main__":
    write_tokenizers()
    source = {"source": "Tools/reference/encoder_text_golden.py", "versions": golden.versions()}
    every = {name: encodings(name) for name in TOKENIZERS | VOCABULARIES}
    golden.write_json(FOLDER / "encodings.json", source | {"texts": TEXTS, "limit": LIMIT} | every)
    golden.write_json(FOLDER / "characters.json", source | characters())
