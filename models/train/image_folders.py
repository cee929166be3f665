"""Reads labelled image folders (one sub-folder a class) the way qbench does.

Preprocessing is the one the models' sidecars state: decode, convert to RGB without EXIF rotation,
resize with PIL's antialiased BILINEAR.
"""

import hashlib
import pathlib

import numpy as np
from PIL import Image

LABELS = ["buildings", "forest", "glacier", "mountain", "sea", "street"]

# The share of a training folder without splits of its own that is kept for calibration.
CALIBRATION_SHARE = 0.10


def is_calibration(path):
    """The rule that splits calibration from training images: by content, so stable under renaming."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return int(digest[:8], 16) / 2**32 < CALIBRATION_SHARE


def list_images(folder, keep=lambda path: True):
    """Returns the kept images of `folder/<class>/*.jpg` as sorted (path, class index) pairs."""
    folder = pathlib.Path(folder)
    images = []
    for index, label in enumerate(LABELS):
        paths = sorted((folder / label).glob("*.jpg"))
        if not paths:
            raise SystemExit(f"{folder / label}: no .jpg files; is this the right folder?")
        images += [(path, index) for path in paths if keep(path)]
    return images


def load_images(images, size):
    """Decodes and resizes `images` to uint8 [n, size, size, 3]; returns them with int32 labels [n]."""
    pixels = np.empty((len(images), size, size, 3), np.uint8)
    for i, (path, _) in enumerate(images):
        with Image.open(path) as image:
            pixels[i] = image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    return pixels, np.array([label for _, label in images], np.int32)
