# Writes Tests/Golden/gguf-rounding.json: numbers, the Q4_0 blocks that the reference package makes of them, and what it
# reads back. Usage: python Tools/reference/gguf_rounding.py (needs `pip install gguf numpy`)
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import quants

values = np.random.default_rng(13).normal(0, 0.05, (6, 32)).astype(np.float32)
values[1] = 0  # A block of zeros.
values[2] *= 1e-5  # A scale below the normal range of half precision.
values[3] = np.round(values[3] * 400) / 2  # Many numbers in the middle between two codes.
values[4, 5], values[4, 9] = 0.5, -0.5  # Of equal magnitudes the first one counts.
values[5] = np.abs(values[5]) * 1e3
encoded = quants.quantize(values, Type.Q4_0)
decoded = np.ascontiguousarray(quants.dequantize(encoded, Type.Q4_0), dtype="<f4")
result = {
    "source": "Tools/reference/gguf_rounding.py",
    "versions": {name: version(name) for name in ("gguf", "numpy")},
    "values": values.view("<u4").ravel().tolist(),
    "encoded": np.ascontiguousarray(encoded).tobytes().hex(),
    "decoded": decoded.view("<u4").ravel().tolist(),
}
target = Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "gguf-rounding.json"
target.write_text(json.dumps(result) + "\n")
