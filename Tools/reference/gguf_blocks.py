# Writes Tests/Golden/gguf-blocks.json: encoded GGUF blocks and the floats that the reference package makes of them.
# Usage: python Tools/reference/gguf_blocks.py (needs `pip install gguf numpy`)
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import quants

BLOCKS = 6
generator = np.random.default_rng(7)


def random_bits(kind, bytes_each, halves):
    """Blocks of arbitrary bits but for their scales, which are finite; the package decodes these kinds only."""
    encoded = generator.integers(0, 256, (3, bytes_each), dtype=np.uint8)
    for offset in halves:
        scales = generator.normal(0, 0.05, 3).astype("<f2")
        encoded[:, offset:offset + 2] = scales.view(np.uint8).reshape(3, 2)
    return case(kind, encoded)


def golden(kind):
    values = generator.normal(0, 0.05, (BLOCKS, 32)).astype(np.float32)
    values[1] = 0  # A block of zeros.
    values[2] *= 1e-4  # Scales below the normal range of half precision.
    values[3] = np.abs(values[3]) * 1e4
    encoded = quants.quantize(values, kind)
    # A block of arbitrary bits after a finite scale and offset.
    encoded[5].view(np.uint8)[4:] = generator.integers(0, 256, encoded[5].view(np.uint8).size - 4)
    return case(kind, encoded)


def case(kind, encoded):
    decoded = np.ascontiguousarray(quants.dequantize(encoded, kind), dtype="<f4").ravel()
    finite = np.isfinite(decoded)
    assert finite.all() or kind in (Type.F16, Type.BF16, Type.F32)
    return {
        "type": kind.name,
        "encoded": np.ascontiguousarray(encoded).tobytes().hex(),
        "decoded": decoded.view("<u4").tolist(),
    }


def quantised(kind):
    """Numbers and what the package makes of them, with a generator of its own so that other cases stay as they are."""
    values = np.random.default_rng(11).normal(0, 0.05, (BLOCKS, 32)).astype(np.float32)
    values[1] = 0
    values[2] *= 1e-4
    values[3] = np.round(values[3] * 400) / 2  # Many halves, which are rounded away from zero.
    values[3, 0] = 127
    values[4, 5] = -2
    return {
        "type": kind.name,
        "values": values.view("<u4").ravel().tolist(),
        "encoded": np.ascontiguousarray(quants.quantize(values, kind)).tobytes().hex(),
    }


kinds = [Type.F32, Type.F16, Type.BF16, Type.Q4_0, Type.Q4_1, Type.Q8_0]
result = {
    "source": "Tools/reference/gguf_blocks.py",
    "versions": {name: version(name) for name in ("gguf", "numpy")},
    "cases": [golden(kind) for kind in kinds] + [
        random_bits(Type.Q4_K, 144, (0, 2)), random_bits(Type.Q5_K, 176, (0, 2)), random_bits(Type.Q6_K, 210, (208,))],
    "quantised": [quantised(Type.F16), quantised(Type.Q8_0)],
}
target = Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "gguf-blocks.json"
target.parent.mkdir(parents=True, exist_ok=True)
target.write_text(json.dumps(result) + "\n")
