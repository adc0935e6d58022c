"""The tiny auto-encoder of images in plain PyTorch, with what diffusers' AutoencoderTiny cannot express: widths that differ
by stage, and blocks that look at the whole image through a group normalisation, as TAEF2's do.
"""

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width, has_norm):
        super().__init__()
        if has_norm:
            self.pool = nn.Sequential(
                nn.Conv2d(width, 4 * width, 1, bias=False), nn.GroupNorm(4, 4 * width), nn.ReLU(),
                nn.Conv2d(4 * width, width, 1, bias=False))
        self.conv = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x):
        if hasattr(self, "pool"):
            x = x + self.pool(x)
        return torch.relu(self.conv(x) + x)


class Part(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)


class TinyAutoencoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = Part(encoder), Part(decoder)

    def encode(self, images):
        return self.encoder.layers((images + 1) / 2)

    def decode(self, features):
        return self.decoder.layers(3 * torch.tanh(features / 3)) * 2 - 1


def tiny_autoencoder(
        in_channels, out_channels, latent_channels, encoder_block_out_channels, decoder_block_out_channels,
        num_encoder_blocks, num_decoder_blocks, use_midblock_gn):
    encoder, width = [], in_channels
    for stage, (outputs, blocks) in enumerate(zip(encoder_block_out_channels, num_encoder_blocks)):
        encoder.append(nn.Conv2d(width, outputs, 3, padding=1, stride=min(2, stage + 1), bias=stage == 0))
        is_middle = stage == len(num_encoder_blocks) - 1
        encoder += [Block(outputs, use_midblock_gn and is_middle) for _ in range(blocks)]
        width = outputs
    encoder.append(nn.Conv2d(width, latent_channels, 3, padding=1))
    widths = decoder_block_out_channels
    decoder = [nn.Conv2d(latent_channels, widths[0], 3, padding=1), nn.ReLU()]
    for stage, blocks in enumerate(num_decoder_blocks):
        decoder += [Block(widths[stage], use_midblock_gn and stage == 0) for _ in range(blocks)]
        if stage < len(widths) - 1:
            decoder += [nn.Upsample(scale_factor=2), nn.Conv2d(widths[stage], widths[stage + 1], 3, padding=1, bias=False)]
    decoder.append(nn.Conv2d(widths[-1], out_channels, 3, padding=1))
    return TinyAutoencoder(encoder, decoder)
