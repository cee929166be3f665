"""Writes goldens/resize.bin: images and what Pillow and TensorFlow make of them at another size.

Needs Pillow, NumPy and TensorFlow, which qbench itself does not. Run it in this folder after adding
a case; resize_test.cc says how the file is read.
"""
import pathlib

import numpy as np
import tensorflow as tf
from PIL import Image

# width, height -> width, height, channels
CASES = [
    (17, 13, 9, 7, 3),
    (9, 7, 17, 13, 3),
    (1, 1, 5, 3, 3),
    (5, 3, 1, 1, 3),
    (1, 8, 4, 2, 1),
    (32, 24, 10, 10, 3),
    (24, 20, 24, 10, 3),
    (33, 31, 32, 32, 3),
    (30, 20, 45, 25, 1),
    (45, 45, 28, 28, 1),
    (40, 40, 20, 20, 3),
    (50, 30, 7, 29, 1),
]


def images(width, height, channels, rng):
    """Noise, a gradient, and an extreme chequer."""
    yield rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    yield ((x * 255 // max(width - 1, 1) + y * 97 + c * 53) % 256).astype(np.uint8)
    yield (((x + y) % 2) * 255).astype(np.uint8)


def pillow(image, width, height, method):
    squeezed = image[:, :, 0] if image.shape[2] == 1 else image
    resized = np.asarray(Image.fromarray(squeezed).resize((width, height), method))
    return resized.reshape(height, width, image.shape[2])


def tensorflow(image, width, height, method):
    resized = tf.image.resize(image, (height, width), method=method).numpy()
    return np.floor(resized.astype(np.float32) + np.float32(0.5)).clip(0, 255).astype(np.uint8)


METHODS = [
    ("pillow", "pil-bilinear", lambda i, w, h: pillow(i, w, h, Image.BILINEAR)),
    ("tensorflow", "tf-bilinear", lambda i, w, h: tensorflow(i, w, h, "bilinear")),
    ("pillow", "nearest", lambda i, w, h: pillow(i, w, h, Image.NEAREST)),
    ("tensorflow", "nearest", lambda i, w, h: tensorflow(i, w, h, "nearest")),
    ("tensorflow", "area", lambda i, w, h: tensorflow(i, w, h, "area")),
]


def has_tie(size, new_size):
    """Whether a pixel's centre falls between two source pixels, where the libraries differ."""
    return any((2 * x + 1) * size % (2 * new_size) == 0 for x in range(new_size))


def main():
    rng = np.random.default_rng(1)
    folder = pathlib.Path(__file__).parent / "goldens"
    with open(folder / "resize.bin", "wb") as file:
        for in_width, in_height, width, height, channels in CASES:
            for image in images(in_width, in_height, channels, rng):
                file.write(f"image {in_width} {in_height} {channels} {width} {height}\n".encode())
                file.write(image.tobytes())
                tie = has_tie(in_width, width) or has_tie(in_height, height)
                for library, name, resize in METHODS:
                    if (library, name) == ("pillow", "nearest") and tie:
                        continue
                    file.write(f"{library} {name}\n".encode())
                    file.write(resize(image, width, height).tobytes())


if __name__ == "__main__":
    main()
