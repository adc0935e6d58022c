"""The peer of `unlearn benchmark neurips2023`: one model, N retrained without the images to forget, N fine-tuned.

As such a benchmark is usually written: one model after the other, all threads within each. Images are read with Pillow,
and every model is asked about every image. The metric itself is not computed, which is to this side's favour.
"""

import pathlib
import time

import numpy
import torch
import torch.nn.functional as F
from PIL import Image

import measure
from classifier_epoch import ConvNet


def read(folder, size):
    files = sorted(pathlib.Path(folder).glob("*.jpg"))
    pixels = numpy.stack([
        numpy.asarray(Image.open(file).convert("RGB").resize((size, size), Image.Resampling.BILINEAR))
        for file in files])
    ages = torch.tensor([float(file.name.split("_")[0]) for file in files])
    bins = ((ages - ages.min()) / (ages.max() - ages.min()) * 10).long().clamp(max=9)
    return torch.from_numpy(pixels).permute(0, 3, 1, 2), bins


def inputs(pixels, ids, layout):
    return (pixels[ids].float() / 127.5 - 1).contiguous(memory_format=layout)


def train(model, pixels, labels, ids, epochs, rate, layout):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, weight_decay=5e-4)
    steps = epochs * ((len(ids) + 63) // 64)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(epochs):
        for batch in ids[torch.randperm(len(ids))].split(64):
            optimizer.zero_grad(set_to_none=True)
            loss = F.cross_entropy(model(inputs(pixels, batch, layout)), labels[batch])
            loss.backward()
            optimizer.step()
            schedule.step()
            loss.item()
    return model


def evaluate(model, pixels, layout):
    model.eval()
    with torch.no_grad():
        return torch.cat([
            model(inputs(pixels, ids, layout)).log_softmax(dim=1) for ids in torch.arange(len(pixels)).split(256)])


def main():
    chosen = measure.options(
        __doc__, folder={"positional": True}, width={"type": int, "default": 16}, models={"type": int, "default": 4},
        epochs={"type": int, "default": 3}, size={"type": int, "default": 32},
        **{"channels-last": {"action": "store_true"}})
    layout = torch.channels_last if chosen.channels_last else torch.contiguous_format

    def benchmark():
        pixels, labels = read(chosen.folder, chosen.size)
        order = torch.randperm(len(pixels))[:int(0.8 * len(pixels))]
        retain = order[int(0.02 * len(order)):]

        def fresh():
            return ConvNet(chosen.width, 10).to(memory_format=layout)

        original = train(fresh(), pixels, labels, order, chosen.epochs, 0.05, layout)
        evaluate(original, pixels, layout)
        for _ in range(chosen.models):
            evaluate(train(fresh(), pixels, labels, retain, chosen.epochs, 0.05, layout), pixels, layout)
        for _ in range(chosen.models):
            model = fresh()
            model.load_state_dict(original.state_dict())
            evaluate(train(model, pixels, labels, retain, chosen.epochs, 0.001, layout), pixels, layout)

    values = []
    for _ in range(3):
        start = time.perf_counter()
        benchmark()
        values.append(time.perf_counter() - start)
    measure.report("challenge", values, chosen.threads, models=chosen.models, epochs=chosen.epochs)


if __name__ == "__main__":
    main()
