"""Writes Tests/Golden/picture-metrics.*: likeness of pictures by scikit-image, the distance of feature distributions with
SciPy's matrix square root, and inception scores in numpy.
"""

import numpy
import scipy
import skimage
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

import golden

COUNT, CHANNELS, HEIGHT, WIDTH = 3, 2, 14, 16
ROWS, FEATURES = 40, 6


def pictures(generator):
    """Smooth pictures, the same with noise, and a mask that reaches an edge."""
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH] / WIDTH
    originals = numpy.stack([
        [numpy.sin(6 * x + image + 2 * y * channel) for channel in range(CHANNELS)] for image in range(COUNT)])
    redrawn = numpy.clip(originals + generator.normal(0, 0.2, originals.shape), -1, 1)
    mask = numpy.zeros((COUNT, 1, HEIGHT, WIDTH))
    mask[:, :, 4:14, 3:12] = 1
    return originals.astype(numpy.float32), redrawn.astype(numpy.float32), mask.astype(numpy.float32)


def likeness(originals, redrawn, mask):
    result = {"psnr": [], "psnr-filled": [], "ssim": [], "ssim-filled": []}
    for a, b, m in zip(originals.astype(numpy.float64), redrawn.astype(numpy.float64), mask[:, 0] == 1):
        result["psnr"].append(peak_signal_noise_ratio(a, b, data_range=2))
        result["psnr-filled"].append(peak_signal_noise_ratio(a[:, m], b[:, m], data_range=2))
        similarity, whole = structural_similarity(
            a, b, data_range=2, channel_axis=0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True)
        result["ssim"].append(similarity)
        result["ssim-filled"].append(whole[:, m].mean())
    return {name: [float(value) for value in values] for name, values in result.items()}


def frechet(a, b):
    a, b = a.astype(numpy.float64), b.astype(numpy.float64)
    (c, d) = (numpy.cov(a, rowvar=False), numpy.cov(b, rowvar=False))
    root = scipy.linalg.sqrtm(c @ d).real
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + numpy.trace(c + d - 2 * root))


def inception_score(probabilities):
    p = probabilities.astype(numpy.float64)
    return float(numpy.exp((p * (numpy.log(p) - numpy.log(p.mean(0)))).sum(1).mean()))


if __name__ == "__main__":
    random = numpy.random.default_rng(5)
    first, second, where = pictures(random)
    # Correlated features of different widths, as networks have.
    mix = random.normal(size=(FEATURES, FEATURES))
    original = (random.normal(size=(ROWS, FEATURES)) @ mix).astype(numpy.float32)
    other = (random.normal(size=(ROWS, FEATURES)) @ mix * 0.7 + random.normal(size=FEATURES)).astype(numpy.float32)
    scores = random.normal(size=(ROWS, 5)) * 2
    chances = (numpy.exp(scores) / numpy.exp(scores).sum(1, keepdims=True)).astype(numpy.float32)
    golden.write_tensors(golden.FOLDER / "picture-metrics.safetensors", {
        name: torch.from_numpy(value) for name, value in {
            "originals": first, "redrawn": second, "mask": where, "features": original, "otherFeatures": other,
            "probabilities": chances}.items()})
    golden.write_json(golden.FOLDER / "picture-metrics.json", {
        "source": "Tools/reference/picture_metrics_golden.py",
        "versions": golden.versions() | {"scipy": scipy.__version__, "scikit-image": skimage.__version__},
        **likeness(first, second, where), "fid": frechet(original, other), "inception-score": inception_score(chances),
    })
