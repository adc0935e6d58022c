"""Writes Tests/Golden/{bert-encoder,bert-classifier,roberta-classifier}: tiny encoders with their tokenizers, and what
transformers computes from texts that are read one by one, so that nothing is padding: states after every layer, vectors,
scores, and every gradient of a loss. Weights come from numpy's seeded generator.

    python Tools/reference/encoders_golden.py [MINILM OUTPUT]

With two arguments it writes OUTPUT instead: the vectors that transformers makes of 50 sentences with the
sentence-transformers model in the folder MINILM.
"""

import json
import pathlib
import sys
import zlib

import numpy
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    AutoModel, AutoTokenizer, BertConfig, BertForSequenceClassification, BertModel, RobertaConfig,
    RobertaForSequenceClassification)

import golden

SHAPE = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 32, "hidden_act": "gelu",
    "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "layer_norm_eps": 1e-6, "dtype": "float32",
}
# Two have one length, two are the same text, one is empty, and one is longer than the models read.
TEXTS = ["abba", "a bad text", "", "Bad, bad!", "nothing here", "caba", "abba", "a long text " * 8, "x"]
MOST_TOKENS = 24
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ",", "!", "bad", "text", "##ing", "noth"]


def write_wordpiece(folder):
    letters = "abcdefghijklmnopqrstuvwxyz"
    vocabulary = WORDS + list(letters) + ["##" + letter for letter in letters]
    (folder / "vocab.txt").write_text("".join(token + "\n" for token in vocabulary))
    golden.write_json(folder / "tokenizer_config.json", {
        "tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": int(1e30)})
    return len(vocabulary)


def write_bytes(folder):
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    ids = {token: id for id, token in enumerate(special + sorted(pre_tokenizers.ByteLevel.alphabet()) + ["<mask>"])}
    tokenizer = Tokenizer(models.BPE(ids, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special + ["<mask>"]])
    golden.write_json(folder / "tokenizer.json", json.loads(tokenizer.to_str()))
    golden.write_json(folder / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": MOST_TOKENS})
    return len(ids)


def fill(model, generator):
    with torch.no_grad():
        for name, tensor in sorted(model.named_parameters()):
            noise = generator.standard_normal(tensor.shape).astype(numpy.float32)
            if "LayerNorm.weight" in name:
                tensor.copy_(torch.from_numpy(1 + 0.2 * noise))
            elif tensor.dim() == 1:
                tensor.copy_(torch.from_numpy(0.2 * noise))
            else:
                tensor.copy_(torch.from_numpy(noise * (0.5 if "embeddings" in name else tensor.shape[1] ** -0.5)))


def write_model(folder, model):
    golden.write_tensors(folder / "model.safetensors", model.state_dict())
    configuration = {key: value for key, value in model.config.to_diff_dict().items() if key != "transformers_version"}
    golden.write_json(folder / "config.json", configuration | {"architectures": [type(model).__name__]})


def write_golden(folder, ids, tensors, **values):
    golden.write_tensors(folder / "golden.safetensors", tensors)
    golden.write_json(folder / "golden.json", {
        "source": "Tools/reference/encoders_golden.py", "versions": golden.versions(), "texts": TEXTS, "ids": ids,
    } | values)


def tokens(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return [tokenizer(text, truncation=True, max_length=MOST_TOKENS).input_ids for text in TEXTS]


def gradients(model):
    return {f"gradient.{name}": parameter.grad for name, parameter in model.named_parameters()
            if parameter.grad is not None}


def folder_of(name):
    folder = golden.FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder, numpy.random.default_rng(zlib.crc32(name.encode()))


def write_encoder(name):
    folder, generator = folder_of(name)
    count = write_wordpiece(folder)
    model = BertModel(BertConfig(vocab_size=count, max_position_embeddings=MOST_TOKENS, **SHAPE)).eval()
    fill(model, generator)
    write_model(folder, model)
    kinds = [("0", "", "Transformer"), ("1", "1_Pooling", "Pooling"), ("2", "2_Normalize", "Normalize")]
    (folder / "modules.json").write_text(json.dumps([
        {"idx": int(index), "name": index, "path": path, "type": f"sentence_transformers.models.{kind}"}
        for index, path, kind in kinds]) + "\n")
    golden.write_json(folder / "1_Pooling" / "config.json", {
        "word_embedding_dimension": SHAPE["hidden_size"], "pooling_mode_cls_token": False,
        "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False})

    ids = tokens(folder)
    outputs = [model(torch.tensor([row]), output_hidden_states=True) for row in ids]
    tensors = {f"hidden.{layer}.{index}": state[0]
               for index, output in enumerate(outputs) for layer, state in enumerate(output.hidden_states)}
    means = torch.cat([output.last_hidden_state.mean(1) for output in outputs])
    tensors["mean"] = torch.nn.functional.normalize(means)
    tensors["firstToken"] = torch.cat([output.last_hidden_state[:, 0] for output in outputs])
    tensors["pooler"] = torch.cat([output.pooler_output for output in outputs])
    tensors["direction"] = torch.from_numpy(generator.standard_normal(means.shape).astype(numpy.float32))
    loss = (tensors["mean"] * tensors["direction"]).sum()
    loss.backward()
    write_golden(folder, ids, tensors | gradients(model), directionSum=loss.item())


def write_classifier(name, make, configuration, write_tokenizer, positions, targets, loss_of):
    folder, generator = folder_of(name)
    count = write_tokenizer(folder)
    model = make(configuration(vocab_size=count, max_position_embeddings=positions, **SHAPE)).eval()
    fill(model, generator)
    write_model(folder, model)
    ids = tokens(folder)
    logits = torch.cat([model(torch.tensor([row])).logits for row in ids])
    loss = loss_of(logits, torch.tensor(targets))
    loss.backward()
    write_golden(folder, ids, {"logits": logits} | gradients(model), targets=targets, loss=loss.item())


def write_minilm(folder, output):
    """Texts are read one by one and cut to the folder's own length."""
    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    most = json.loads((pathlib.Path(folder) / "sentence_bert_config.json").read_text())["max_seq_length"]
    texts = [f"{first} {second}" for first in SENTENCES[:10] for second in SENTENCES[10:15]]
    texts[7] = " ".join(texts)
    ids = [tokenizer(text, truncation=True, max_length=most).input_ids for text in texts]
    with torch.no_grad():
        vectors = torch.cat([model(torch.tensor([row])).last_hidden_state.mean(1) for row in ids])
    golden.write_tensors(pathlib.Path(output), {"vectors": torch.nn.functional.normalize(vectors)})
    golden.write_json(pathlib.Path(output).with_suffix(".json"), {
        "source": "Tools/reference/encoders_golden.py", "versions": golden.versions(), "texts": texts, "ids": ids})


SENTENCES = [
    "The cat sits on the mat.", "You are a wonderful person!", "Nobody asked for your opinion, idiot.", "",
    "Die Straße nach Zürich ist gesperrt.", "Сегодня хорошая погода.", "今日はいい天気ですね。", "E = mc² 🚀",
    "I'd rather not say what I think of them.", "pneumonoultramicroscopicsilicovolcanoconiosis",
    "What a lovely day.", "They should all go home.", "Prices rose by 3.5 % in 2024.", "naïve café résumé", "OK",
]

if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    if len(sys.argv) == 3:
        write_minilm(*sys.argv[1:])
        sys.exit()
    write_encoder("bert-encoder")
    three = {"id2label": {0: "harmless", 1: "rude", 2: "hateful"}, "label2id": {"harmless": 0, "rude": 1, "hateful": 2}}
    write_classifier(
        "bert-classifier", BertForSequenceClassification, lambda **shape: BertConfig(**shape, **three), write_wordpiece,
        MOST_TOKENS, [index % 3 for index in range(len(TEXTS))], torch.nn.functional.cross_entropy)
    two = {"id2label": {0: "toxic", 1: "threat"}, "label2id": {"toxic": 0, "threat": 1},
           "problem_type": "multi_label_classification", "type_vocab_size": 1}
    write_classifier(
        "roberta-classifier", RobertaForSequenceClassification, lambda **shape: RobertaConfig(**shape, **two),
        write_bytes, MOST_TOKENS + 2, [[float(index % 2), float(index % 3 == 0)] for index in range(len(TEXTS))],
        torch.nn.functional.binary_cross_entropy_with_logits)
