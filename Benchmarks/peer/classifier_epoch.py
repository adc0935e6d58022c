"""The peer of one epoch of `unlearn train`: PyTorch's own layers, images in memory, the usual recipe.

--channels-last is what a careful user would change; the ordinary layout is what most do.
"""

import torch
import torch.nn.functional as F

import measure


class ConvNet(torch.nn.Module):
    """Stages of convolution, batch normalisation, rectifier and pooling; a mean over pixels; scores."""

    def __init__(self, width, classes):
        super().__init__()
        widths = [3, width, 2 * width, 4 * width]
        pairs = list(zip(widths, widths[1:]))
        self.convolutions = torch.nn.ModuleList(torch.nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in pairs)
        self.norms = torch.nn.ModuleList(torch.nn.BatchNorm2d(b) for _, b in pairs)
        self.head = torch.nn.Linear(widths[-1], classes)

    def forward(self, x):
        for index, (convolution, norm) in enumerate(zip(self.convolutions, self.norms)):
            x = F.relu(norm(convolution(x)))
            if index < 2:
                x = F.max_pool2d(x, 2)
        return self.head(x.mean(dim=(2, 3)))


def main():
    chosen = measure.options(
        __doc__, width={"type": int, "default": 32}, images={"type": int, "default": 7824},
        batch={"type": int, "default": 64}, size={"type": int, "default": 32},
        **{"channels-last": {"action": "store_true"}})
    layout = torch.channels_last if chosen.channels_last else torch.contiguous_format
    pixels = torch.randint(0, 256, (chosen.images, 3, chosen.size, chosen.size), dtype=torch.uint8)
    labels = torch.randint(0, 10, (chosen.images,))
    model = ConvNet(chosen.width, 10).to(memory_format=layout).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)

    def epoch():
        for ids in torch.randperm(chosen.images).split(chosen.batch):
            inputs = (pixels[ids].float() / 127.5 - 1).contiguous(memory_format=layout)
            optimizer.zero_grad(set_to_none=True)
            loss = F.cross_entropy(model(inputs), labels[ids])
            loss.backward()
            optimizer.step()
            loss.item()

    values = measure.seconds(epoch, chosen.repeats)
    measure.report(
        "classifier-epoch-channels-last" if chosen.channels_last else "classifier-epoch", values, chosen.threads,
        images=chosen.images, width=chosen.width)


if __name__ == "__main__":
    main()
