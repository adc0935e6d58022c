"""Writes Tests/Golden/images: small JPEG and PNG files with Pillow's pixels, and one of them in other sizes."""

import numpy
from PIL import Image

import golden

FOLDER = golden.FOLDER / "images"


def picture(width, height):
    """Smooth colours with some texture, so that JPEG keeps them and resizing has something to average."""
    y, x = numpy.mgrid[0:height, 0:width]
    channels = [
        127 + 100 * numpy.sin(x / 3) * numpy.cos(y / 4), 255 * x / (width - 1), 255 * y / (height - 1) * (1 - x / width)]
    return Image.fromarray(numpy.stack(channels, axis=-1).clip(0, 255).astype(numpy.uint8))


def pixels(image):
    return numpy.asarray(image.convert("RGB")).flatten().tolist()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    image = picture(16, 12)
    image.save(FOLDER / "picture.png")
    image.save(FOLDER / "picture.jpg", quality=90, subsampling=0)
    image.convert("P", palette=Image.Palette.ADAPTIVE, colors=8).save(FOLDER / "palette.png")
    image.convert("L").save(FOLDER / "grey.jpg", quality=90)
    golden.write_json(FOLDER / "golden.json", {
        "source": "Tools/reference/images_golden.py",
        "size": [16, 12],
        "pixels": {name: pixels(Image.open(FOLDER / name)) for name in [
            "picture.png", "picture.jpg", "palette.png", "grey.jpg"]},
        "resized": [
            {"size": list(size), "pixels": pixels(image.resize(size, Image.Resampling.BILINEAR))}
            for size in [(8, 6), (5, 5), (20, 20)]],
    })


if __name__ == "__main__":
    main()
