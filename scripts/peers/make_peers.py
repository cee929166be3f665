"""What TensorFlow's converter and ai-edge-quantizer make of qbench's shipped models.

Usage: make_peers.py REPOSITORY FOLDER (scripts/make_peers.sh sets up what it imports)

FOLDER/<model>.h5 and .h5.toml: the model and its sidecar; <model>.check_x.npy, .check_y.npy: four
inputs as the model sees them and what Keras says of them; <model>.<peer and scheme>.tflite. One
model has random weights and takes 299x299 pixels: for cost alone.
"""

import pathlib
import shutil
import sys
import typing

import numpy as np
import tensorflow as tf
import tf_keras
from ai_edge_quantizer import quantizer, recipe
from PIL import Image

CALIBRATION_IMAGES = 100


class Peer(typing.NamedTuple):
    name: str
    keras: pathlib.Path
    size: int
    mean: float
    std: float


def read_images(folder: pathlib.Path, peer: Peer, count: int) -> np.ndarray:
    """The first images of every class in turn, as the model sees them."""
    classes = [sorted(path.iterdir()) for path in sorted(folder.iterdir()) if path.is_dir()]
    files = [file for row in zip(*classes) for file in row][:count]
    pixels = [
        np.asarray(
            Image.open(file).convert("RGB").resize((peer.size, peer.size), Image.BILINEAR),
            np.float32,
        )
        for file in files
    ]
    return ((np.stack(pixels) - peer.mean) / peer.std).astype(np.float32)


def convert(model: tf_keras.Model, scheme: str, images: np.ndarray) -> bytes:
    """TensorFlow's converter, by the names of its documentation's table."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if scheme == "tf_float":
        return converter.convert()
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme == "tf_dyn_default":
        return converter.convert()
    if scheme == "tf_float16":
        converter.target_spec.supported_types = [tf.float16]
        return converter.convert()
    converter.representative_dataset = lambda: ([image[None]] for image in images)
    if scheme == "tf_int16x8":
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]
        return converter.convert()
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if scheme == "tf_int8_int8io":
        converter.inference_input_type = converter.inference_output_type = tf.int8
    elif scheme != "tf_int8_floatio":
        raise ValueError(scheme)
    return converter.convert()


AEQ_RECIPES = {
    "aeq_dynamic_wi8_afp32": recipe.dynamic_wi8_afp32,
    "aeq_weight_only_wi8_afp32": recipe.weight_only_wi8_afp32,
    "aeq_static_wi8_ai8": recipe.static_wi8_ai8,
}


def quantize(float_file: pathlib.Path, scheme: str, images: np.ndarray) -> bytes:
    quant = quantizer.Quantizer(str(float_file), AEQ_RECIPES[scheme]())
    calibration = None
    if quant.need_calibration:
        interpreter = tf.lite.Interpreter(str(float_file))
        signature, parts = next(iter(interpreter.get_signature_list().items()))
        name = parts["inputs"][0]
        calibration = quant.calibrate({signature: [{name: image[None]} for image in images]})
    return bytes(quant.quantize(calibration).quantized_model)


def make(peer: Peer, model: tf_keras.Model, images: np.ndarray, folder: pathlib.Path) -> None:
    check = images[:4]
    np.save(folder / f"{peer.name}.check_x.npy", check)
    np.save(folder / f"{peer.name}.check_y.npy", model.predict(check, verbose=0))
    for scheme in (
        "tf_float",
        "tf_float16",
        "tf_dyn_default",
        "tf_int8_floatio",
        "tf_int8_int8io",
        "tf_int16x8",
    ):
        (folder / f"{peer.name}.{scheme}.tflite").write_bytes(convert(model, scheme, images))
    for scheme in AEQ_RECIPES:
        artifact = quantize(folder / f"{peer.name}.tf_float.tflite", scheme, images)
        (folder / f"{peer.name}.{scheme}.tflite").write_bytes(artifact)


def make_large(folder: pathlib.Path) -> None:
    peer = Peer("mbv2_100_299", folder / "mbv2_100_299.h5", 299, 127.5, 127.5)
    tf_keras.utils.set_random_seed(1)
    model = tf_keras.applications.MobileNetV2(
        input_shape=(peer.size, peer.size, 3), weights=None, classes=3
    )
    model.save(peer.keras)
    images = np.random.default_rng(1).uniform(-1, 1, (4, 299, 299, 3)).astype(np.float32)
    np.save(folder / f"{peer.name}.check_x.npy", images)
    np.save(folder / f"{peer.name}.check_y.npy", model.predict(images, verbose=0))


def main() -> None:
    root, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    models = root / "models"
    for peer in (
        Peer("intelcnn", models / "intel-cnn.h5", 100, 0.0, 255.0),
        Peer("mbv2_035_96", models / "mobilenetv2-035-96.h5", 96, 127.5, 127.5),
    ):
        shutil.copy(peer.keras, folder / f"{peer.name}.h5")
        shutil.copy(f"{peer.keras}.toml", folder / f"{peer.name}.h5.toml")
        model = tf_keras.models.load_model(peer.keras)
        calibration = root / "datasets" / "scenes" / "calibration"
        make(peer, model, read_images(calibration, peer, CALIBRATION_IMAGES), folder)
        print(f"{peer.name}: done", flush=True)
    make_large(folder)


if __name__ == "__main__":
    main()
