"""Every method of forgetting pictures on every kind of model that redraws them, beside a model retrained without them.

Usage: PYTHONPATH=.libtorch .venv/bin/python Benchmarks/redraw_kinds.py UNLEARN_BINARY FOLDER
           [--kinds autoencoder-tiny,vit-mae,vqgan,diffusion-inpainter] [--threads 1]

Fashion-MNIST, the middle of each picture filled; sandals, sneakers, bags and boots forgotten. FOLDER keeps what was trained
and every run: what stands there is not done again, and a training that was interrupted goes on. From nothing it takes some
hours, of which the diffusion model's trainings take most. Prints a table for each kind, on the filled region: decibels and
Fréchet distances before and after, the retrained model's, and the membership attack on the output.
"""

import argparse
import gzip
import json
import pathlib
import struct
import subprocess

DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")
CLASSES = "T-shirt,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Boot"
FORGOTTEN = "Sandal,Sneaker,Bag,Boot"
# Epochs of training, pictures that are judged, and what forgetting takes: steps of 64 where 128 do not fit into the time.
SMALL_STEPS = ["batchSize=64", "leastSteps=120"]
KINDS = {
    "autoencoder-tiny": (3, 1000, []), "vit-mae": (4, 500, []), "vqgan": (1, 500, ["batchSize=64"]),
    "diffusion-inpainter": (4, 200, SMALL_STEPS)}
ROWS = {
    "noise (as published)": ("encoder-redirection", []),
    "generic target": ("encoder-redirection", ["target=generic"]),
    "max-loss, α .02": ("max-loss", ["alpha=.02"]),
    "noisy-label": ("noisy-label", []),
    "retain-label": ("retain-label", []),
    "random-encoder": ("random-encoder", []),
    "noise, proxy": ("encoder-redirection", [])}


def write_proxy(folder, count=1500):
    """Pictures that stand in for those to keep: the first T-shirts and trousers of the training part."""
    from PIL import Image

    def values(name):
        raw = gzip.decompress(next(DATA.glob(f"{name}*")).read_bytes())
        shape = struct.unpack(f">{raw[3]}I", raw[4:4 + 4 * raw[3]])
        return shape, raw[4 + 4 * raw[3]:]

    (_, height, width), pixels = values("train-images")
    _, labels = values("train-labels")
    folder.mkdir(parents=True, exist_ok=True)
    for index in [i for i, label in enumerate(labels) if label in (0, 1)][:count]:
        place = index * height * width
        Image.frombytes("L", (width, height), pixels[place:place + height * width]).save(folder / f"{index}.png")


def run(unlearn, folder, *arguments):
    """A command that writes into `folder`: not again where it ended, and on from where it was interrupted."""
    if (folder / "finished").exists():
        return
    command = ["resume", str(folder)] if (folder / "run.json").exists() else [*arguments, "--output", str(folder)]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.log", "a") as log:
        subprocess.run([unlearn, *command], check=True, stdout=log, stderr=log)


def train(unlearn, folder, threads, *arguments):
    run(unlearn, folder, "train", "--data", str(DATA), "--class-names", CLASSES, "--threads", threads, *arguments)
    return folder


def row(name, report):
    metrics = {(metric["name"], metric["split"]): metric for metric in report["metrics"]}

    def change(metric, split):
        values = metrics[metric, split]
        return (f"{values['before']['value']:.2f} → {values['after']['value']:.2f} "
                f"({values['control']['value']:.2f})")

    cells = [change(metric, split) for metric in ("psnr", "fid") for split in ("forget", "retain")]
    attack = metrics["membership-attack", "forget"]["after"]["value"]
    return f"| {name} | {' | '.join(cells)} | {attack:.2f} | {report['verdict']} | {report['seconds']['forget']:.0f} |"


def table(kind, arguments, models, runs):
    epochs, pictures, settings = KINDS[kind]
    unlearn, threads = arguments.unlearn, arguments.threads
    training = ["--redraw", "inpainting", "--architecture", kind, "--set", f"epochs={epochs}"]
    original = train(unlearn, models / kind, threads, *training)
    control = train(
        unlearn, models / f"{kind}-control", threads, *training, "--forget-class", FORGOTTEN, "--without-forgotten")
    print(f"\n{kind}\n\n| method | forget PSNR | retain PSNR | forget FID | retain FID | attack | verdict | seconds |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for number, (name, (method, chosen)) in enumerate(ROWS.items()):
        output = runs / f"{kind}-{number}"
        sets = [f"--set={setting}" for setting in [*settings, *chosen, f"evaluation.pictures={pictures}"]]
        proxy = ["--proxy", str(models / "proxy")] if "proxy" in name else []
        run(unlearn, output, "forget", "--model", str(original), "--forget-class", FORGOTTEN, "--method", method,
            "--features", str(models / "classifier"), "--control", str(control), "--threads", threads, *proxy, *sets)
        print(row(name, json.loads((output / "report.json").read_text())), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("unlearn")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--threads", default="1")
    arguments = parser.parse_args()
    models, runs = arguments.folder / "models", arguments.folder / "runs"
    train(arguments.unlearn, models / "classifier", arguments.threads, "--width", "16", "--set", "epochs=2")
    if not (models / "proxy").exists():
        write_proxy(models / "proxy")
    for kind in arguments.kinds.split(","):
        table(kind, arguments, models, runs)


if __name__ == "__main__":
    main()
