"""torchvision's models beside a CPU-only torch.

The ordinary torchvision wheel is built for CUDA: beside a CPU-only torch its compiled operators do not load, and its import
stops where it describes them. Only its Python models are needed, so their names are declared. It lies in a folder of its own,
since transformers would import it, and fail, wherever it finds it.
"""

import pathlib
import sys

import torch

sys.path.append(str(pathlib.Path(sys.prefix) / "vision"))
for operator in ["nms", "qnms"]:
    try:
        torch.library.define(f"torchvision::{operator}", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")
    except RuntimeError:
        pass
import torchvision

__all__ = ["torchvision"]
