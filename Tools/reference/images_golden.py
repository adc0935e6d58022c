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


def inks(width, height):
    """Cyan, magenta, yellow and black that all reach from none to full."""
    y, x = numpy.mgrid[0:height, 0:width]
    cyan, yellow = 255 * x / (width - 1), 255 * y / (height - 1)
    channels = [cyan, 255 - cyan, yellow, 127 + 127 * numpy.cos(x / 3 + y / 4)]
    return Image.fromarray(numpy.stack(channels, axis=-1).clip(0, 255).astype(numpy.uint8), mode="CMYK")


def change_adobe_marker(source, target, change):
    """Pillow writes neither YCCK nor CMYK without Adobe's marker: both differ from what it writes in the marker alone."""
    data = (FOLDER / source).read_bytes()
    start = data.index(b"\xff\xee\x00\x0eAdobe")
    (FOLDER / target).write_bytes(data[:start] + change(data[start:start + 16]) + data[start + 16:])


def pixels(image):
    return numpy.asarray(image.convert("RGB")).flatten().tolist()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    image = picture(16, 12)
    image.save(FOLDER / "picture.png")
    image.save(FOLDER / "picture.jpg", quality=90, subsampling=0)
    image.convert("P", palette=Image.Palette.ADAPTIVE, colors=8).save(FOLDER / "palette.png")
    image.convert("L").save(FOLDER / "grey.jpg", quality=90)
    image.save(FOLDER / "progressive.jpg", quality=90, subsampling=0, progressive=True)
    image.save(FOLDER / "restarts.jpg", quality=90, subsampling=0, restart_marker_blocks=1)
    inks(16, 12).save(FOLDER / "cmyk.jpg", quality=90)
    inks(16, 12).save(FOLDER / "cmyk-progressive.jpg", quality=90, progressive=True)
    change_adobe_marker("cmyk.jpg", "cmyk-plain.jpg", lambda marker: b"")
    change_adobe_marker("cmyk.jpg", "ycck.jpg", lambda marker: marker[:-1] + b"\x02")
    golden.write_json(FOLDER / "golden.json", {
        "source": "Tools/reference/images_golden.py",
        "size": [16, 12],
        "pixels": {name: pixels(Image.open(FOLDER / name)) for name in [
            "picture.png", "picture.jpg", "palette.png", "grey.jpg", "progressive.jpg", "restarts.jpg", "cmyk.jpg",
            "cmyk-progressive.jpg", "cmyk-plain.jpg", "ycck.jpg"]},
        "resized": [
            {"size": list(size), "pixels": pixels(image.resize(size, Image.Resampling.BILINEAR))}
            for size in [(8, 6), (5, 5), (20, 20)]],
    })


if __name__ == "__main__":
    main()
