"""The peer of the phase "forget" of a model that redraws pictures: the loop as published, in plain PyTorch.

The network of `unlearn train --redraw inpainting` on pictures of 28 × 28 with one channel. In each step the teacher reads the
pictures to keep and the noise, the student both kinds of pictures.
"""

import pathlib
import resource
import sys

import torch

import measure

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Tools" / "reference"))
from tiny_autoencoder import tiny_autoencoder  # noqa: E402

CONFIGURATION = {
    "in_channels": 1, "out_channels": 1, "latent_channels": 16, "encoder_block_out_channels": [16, 32, 64],
    "decoder_block_out_channels": [64, 32, 16], "num_encoder_blocks": [0, 1, 2], "num_decoder_blocks": [2, 1, 0],
    "use_midblock_gn": True,
}


def main():
    chosen = measure.options(
        __doc__, steps={"type": int, "default": 200}, batch={"type": int, "default": 128},
        pictures={"type": int, "default": 24_000})
    pixels = {kind: torch.randint(0, 256, (chosen.pictures, 1, 28, 28), dtype=torch.uint8) for kind in ("keep", "forget")}

    def degraded(pictures):
        pictures = pictures.clone()
        pictures[:, :, 7:21, 7:21] = 0
        return pictures

    def run():
        teacher, student = tiny_autoencoder(**CONFIGURATION).eval(), tiny_autoencoder(**CONFIGURATION)
        optimizer = torch.optim.Adam(student.encoder.parameters(), lr=1e-3)
        for _ in range(chosen.steps):
            ids = torch.randint(0, chosen.pictures, (2, chosen.batch))
            keep, forget = (pixels[kind][ids[row]].float() / 127.5 - 1 for row, kind in enumerate(["keep", "forget"]))
            noise = (torch.randn_like(forget) * forget.std() + forget.mean()).clamp(-1, 1)
            with torch.no_grad():
                wanted = teacher.encode(degraded(torch.cat([keep, noise])))
            found = student.encode(degraded(torch.cat([keep, forget])))
            distances = (found - wanted).square().view(2, -1).mean(dim=1)
            loss = 2 * distances[0] + 0.25 * 2 * distances[1]
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            loss.item()

    values = measure.seconds(run, chosen.repeats, warm_up=0)
    measure.report(
        "redraw-forget", values, chosen.threads, steps=chosen.steps, batch=chosen.batch,
        peakMemoryBytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    main()
