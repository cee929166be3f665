"""Writes small image files of every kind to goldens/, and what Pillow decodes them to as .rgb.

Needs Pillow and NumPy, which qbench itself does not. Run it in this folder after adding a kind.
"""
import pathlib

import numpy as np
from PIL import Image, ImageOps

FOLDER = pathlib.Path(__file__).parent / "goldens"
WIDTH, HEIGHT = 21, 14


def picture(channels):
    y, x, c = np.mgrid[0:HEIGHT, 0:WIDTH, 0:channels]
    return ((x * 11 + y * 7 * (c + 1) + c * 60) % 256).astype(np.uint8)


def save(name, image, upright=False, **options):
    image.save(FOLDER / name, **options)
    decoded = Image.open(FOLDER / name)
    if upright:
        decoded = ImageOps.exif_transpose(decoded)
    pixels = np.asarray(decoded.convert("RGB"))
    (FOLDER / (name + (".upright" if upright else "") + ".rgb")).write_bytes(pixels.tobytes())


def main():
    rgb = Image.fromarray(picture(3))
    save("color.jpg", rgb, quality=90)
    save("progressive.jpg", rgb, quality=80, progressive=True)
    save("full_chroma.jpg", rgb, quality=95, subsampling=0)
    save("gray.jpg", Image.fromarray(picture(1)[:, :, 0]))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned right by 90 degrees
    save("turned.jpg", rgb, exif=exif)
    save("turned.jpg", rgb, upright=True, exif=exif)
    save("color.png", rgb)
    save("alpha.png", Image.fromarray(picture(4), "RGBA"))
    save("palette.png", rgb.quantize(16))
    save("gray.png", Image.fromarray(picture(1)[:, :, 0]))
    save("color.bmp", rgb)
    # Pillow cannot convert 16-bit grey sensibly: what is expected is the upper byte.
    gray16 = (picture(1)[:, :, 0].astype(np.uint16) << 8) | 0x80
    Image.fromarray(gray16).save(FOLDER / "gray16.png")
    upper = np.repeat((gray16 >> 8).astype(np.uint8)[:, :, None], 3, axis=2)
    (FOLDER / "gray16.png.rgb").write_bytes(upper.tobytes())
    Image.fromarray(picture(4), "CMYK").save(FOLDER / "cmyk.jpg")
    rgb.save(FOLDER / "webp.jpg", format="WEBP")


if __name__ == "__main__":
    main()
