"""Writes Tests/Golden/clip-vision: embeddings of a narrow CLIP vision encoder of transformers, of pictures of its own size
and of smaller ones.
"""

import safetensors.torch
import torch
import transformers

import golden

FOLDER = golden.FOLDER / "clip-vision"
MEAN, DEVIATION = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]


def main():
    torch.manual_seed(3)
    configuration = transformers.CLIPVisionConfig(
        hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, image_size=12, patch_size=4,
        projection_dim=10, initializer_factor=20.0)
    model = transformers.CLIPVisionModelWithProjection(configuration).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(std=0.1)
    generator = torch.Generator().manual_seed(5)
    images = torch.rand(3, 3, 12, 12, generator=generator) * 2 - 1
    small = torch.rand(2, 3, 7, 7, generator=generator) * 2 - 1

    def embeddings(pictures):
        pictures = torch.nn.functional.interpolate(pictures, (12, 12), mode="bilinear") if pictures.shape[2] != 12 else pictures
        scaled = ((pictures + 1) / 2 - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None]
        with torch.no_grad():
            return model(pixel_values=scaled).image_embeds

    FOLDER.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(FOLDER)
    for name in ["generation_config.json"]:
        (FOLDER / name).unlink(missing_ok=True)
    golden.write_tensors(FOLDER / "golden.safetensors", {
        "images": images, "embeddings": embeddings(images), "small": small, "small.embeddings": embeddings(small)})
    golden.write_json(FOLDER / "golden.json", {"source": "Tools/reference/clip_golden.py", "versions": golden.versions()})


if __name__ == "__main__":
    main()
