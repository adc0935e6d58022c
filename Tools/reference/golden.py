"""What the scripts that write golden files share: folders, versions, files on disk, token-level quantities."""

import json
import os
import pathlib
import platform
import sys

import safetensors.torch
import torch
import transformers

PROJECT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "Tests" / "Golden"
TEST_DATA = pathlib.Path(os.environ.get("UNLEARN_TEST_DATA", PROJECT.parent / "shared" / "data"))
MODELS = PROJECT / ".models"


def stop_for_missing(message):
    """Ends the script with the code that write_golden.sh takes for "skipped", not "failed"."""
    print(message, file=sys.stderr)
    sys.exit(77)


def versions():
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def write_json(path, value):
    """One top-level key per line: short, and a change shows in a diff."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f" {json.dumps(key)}: {json.dumps(item)}" for key, item in value.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def write_tensors(path, tensors):
    path.parent.mkdir(parents=True, exist_ok=True)
    copies = {name: tensor.detach().float().contiguous().clone() for name, tensor in tensors.items()}
    safetensors.torch.save_file(copies, path, metadata={"format": "pt"})


def logits(model, ids):
    """[time, vocabulary] of one sequence run alone, so that no padding is involved."""
    return model(input_ids=torch.tensor([ids])).logits[0]


def labelled_log_probabilities(model, ids, labelled):
    """[labelled, vocabulary] log-probabilities at the positions that predict labelled tokens, and the tokens' ids."""
    targets = [position for position, counts in enumerate(labelled) if counts]
    rows = torch.log_softmax(logits(model, ids)[[position - 1 for position in targets]], dim=-1)
    return rows, torch.tensor([ids[position] for position in targets])


def token_losses(model, ids, labelled):
    """[labelled] negative log-probabilities, in nats."""
    rows, targets = labelled_log_probabilities(model, ids, labelled)
    return -rows.gather(1, targets[:, None])[:, 0]
