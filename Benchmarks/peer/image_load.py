"""The peer of reading images: Pillow decodes and resizes every file of a folder, one after the other, into one array."""

import pathlib

import numpy
from PIL import Image

import measure


def main():
    chosen = measure.options(__doc__, folder={"positional": True}, size={"type": int, "default": 32})
    files = sorted(pathlib.Path(chosen.folder).glob("*.jpg"))

    def load():
        return numpy.stack([
            numpy.asarray(
                Image.open(file).convert("RGB").resize((chosen.size, chosen.size), Image.Resampling.BILINEAR))
            for file in files])

    measure.report("image-load", measure.seconds(load, chosen.repeats), chosen.threads, images=len(files))


if __name__ == "__main__":
    main()
