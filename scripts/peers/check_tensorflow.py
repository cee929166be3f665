#!/usr/bin/env python3
"""Imports keras.applications' families as SavedModels and frozen graphs, and compares.

    python3 check_tensorflow.py QBENCH FOLDER [NAME...]

needs TensorFlow, of either Keras (tried with 2.15 and with 2.21, Keras 3); nothing of qbench needs it.
Each model has random weights and is saved in FOLDER as the folder NAME.savedmodel and as NAME.pb;
QBENCH (the program) makes a float .tflite of both, which TensorFlow Lite runs on four random images.
Printed is the largest difference from TensorFlow of each, the number of operators and that of
TensorFlow's own converter. Exit status 1 where a difference is above 1e-5 or something was refused.
"""

import os
import pathlib
import shutil
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from qbench_import import import_model
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

A = tf.keras.applications
IS_KERAS3 = keras.__version__.startswith("3")
FAMILIES = {  # name: builder, pixels
    "mobilenet": (lambda s: A.MobileNet(s, alpha=0.25, weights=None, classes=5), 64),
    "mobilenetv2": (lambda s: A.MobileNetV2(s, alpha=0.35, weights=None, classes=5), 64),
    "mobilenetv3": (lambda s: A.MobileNetV3Small(s, weights=None, classes=5), 64),
    "efficientnet": (lambda s: A.EfficientNetB0(weights=None, input_shape=s, classes=5), 64),
    "efficientnetv2": (lambda s: A.EfficientNetV2B0(weights=None, input_shape=s, classes=5), 64),
    "resnet": (lambda s: A.ResNet50(weights=None, input_shape=s, classes=5), 64),
    "resnetv2": (lambda s: A.ResNet50V2(weights=None, input_shape=s, classes=5), 64),
    "densenet": (lambda s: A.DenseNet121(weights=None, input_shape=s, classes=5), 64),
    "inception": (lambda s: A.InceptionV3(weights=None, input_shape=s, classes=5), 96),
    "xception": (lambda s: A.Xception(weights=None, input_shape=s, classes=5), 96),
    "nasnet": (lambda s: A.NASNetMobile(weights=None, input_shape=s, classes=5), 64),
    "convnext": (lambda s: A.ConvNeXtTiny(weights=None, input_shape=s, classes=5), 64),
    "vgg": (lambda s: A.VGG16(weights=None, input_shape=s, classes=5), 32),
}


def randomize(model, rng):
    """Variances and means as training leaves them, so that a wrong one shows."""
    for layer in model._flatten_layers() if hasattr(model, "_flatten_layers") else model.layers:
        if type(layer).__name__ != "BatchNormalization":
            continue
        for weight in layer.weights:
            name = weight.name
            low, high = (0.7, 1.4) if "variance" in name or "gamma" in name else (-0.1, 0.1)
            weight.assign(rng.uniform(low, high, weight.shape).astype(np.float32))


def freeze(model, size, path):
    spec = tf.TensorSpec((None, size, size, 3), tf.float32, name="image")
    function = tf.function(lambda image: model(image, training=False)).get_concrete_function(spec)
    graph = convert_variables_to_constants_v2(function).graph.as_graph_def()
    path.write_bytes(graph.SerializeToString())


def save(model, size, folder, name):
    saved = folder / f"{name}.savedmodel"
    shutil.rmtree(saved, ignore_errors=True)
    if IS_KERAS3:
        model.export(str(saved), verbose=False)
    else:
        model.save(str(saved), save_format="tf", include_optimizer=False)
    freeze(model, size, folder / f"{name}.pb")
    return saved, folder / f"{name}.pb"


def answer(tflite, images):
    interpreter = tf.lite.Interpreter(str(tflite))
    entry = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(entry["index"], images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(entry["index"], images)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def operators(content):
    interpreter = tf.lite.Interpreter(model_content=content)
    return len([o for o in interpreter._get_ops_details() if o["op_name"] != "DELEGATE"])


def check(qbench, folder, name, rng):
    build, size = FAMILIES[name]
    tf.keras.utils.set_random_seed(5)
    model = build((size, size, 3))
    randomize(model, rng)
    images = rng.uniform(0, 1, (4, size, size, 3)).astype(np.float32)
    wanted = model(images, training=False).numpy()
    good = True
    paths = save(model, size, folder, name)
    theirs = operators(tf.lite.TFLiteConverter.from_saved_model(str(paths[0])).convert())
    for path in paths:
        output = path.parent / (path.name + ".tflite")
        refusal = import_model(qbench, path, output)
        if refusal is not None:
            print(f"{path.name:28} REFUSED {refusal}", flush=True)
            good = False
            continue
        difference = float(np.abs(answer(output, images) - wanted).max())
        ours = operators(output.read_bytes())
        good = good and difference <= 1e-5
        print(f"{path.name:28} {difference:.2e}  {ours} operators, the converter's {theirs}",
              flush=True)
    return good


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[2]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}")
    rng = np.random.default_rng(9)
    names = sys.argv[3:] or list(FAMILIES)
    results = [check(sys.argv[1], folder, name, rng) for name in names]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
