#!/usr/bin/env python3
"""Imports small Keras models of every layer, operator and family that qbench reads, and compares.

    python3 check_keras.py QBENCH FOLDER [NAME...]

needs TensorFlow, of either Keras (tried with 2.15 and with 2.21, Keras 3.15); nothing of qbench needs
it. Each model has random weights and is saved in FOLDER as NAME.keras and NAME.h5; QBENCH (the
program) makes a float .tflite of both, which TensorFlow Lite runs on random inputs. Printed is the
largest difference from Keras of each (as a part of the value where that is above 1), and what was
refused. Exit status 1 where a difference is above 1e-5.
"""

import os
import pathlib
import subprocess
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import tensorflow as tf

keras = tf.keras
L = keras.layers
MODELS = {}
IMAGE = (12, 10, 6)
ROW = (20, 6)


def one(name, *layers, shape=IMAGE):
    """A model of these layers, each made by a function."""
    def make():
        x = i = L.Input(shape)
        for layer in layers:
            x = layer()(x)
        return keras.Model(i, x)
    MODELS[name] = make


def several(name, layer, count=3):
    """A layer that joins `count` convolutions."""
    def make():
        i = L.Input(IMAGE)
        return keras.Model(i, layer()([L.Conv2D(4, 1)(i) for _ in range(count)]))
    MODELS[name] = make


def function(name, compute):
    """Operators on the output of a convolution; `compute` returns one tensor or several."""
    def make():
        i = L.Input(IMAGE)
        return keras.Model(i, compute(L.Conv2D(4, 1)(i)))
    MODELS[name] = make


def add_layers():
    for name in ("Average", "Maximum", "Minimum", "Multiply", "Add"):
        several(name, getattr(L, name))
    several("Subtract", L.Subtract, 2)
    one("GlobalMaxPooling2D", L.GlobalMaxPooling2D)
    one("Permute", lambda: L.Permute((3, 1, 2)))
    one("Cropping2D", lambda: L.Cropping2D(((1, 2), (3, 0))))
    one("UpSampling2D", lambda: L.UpSampling2D((2, 3)))
    one("UpSampling2D_bilinear", lambda: L.UpSampling2D(2, interpolation="bilinear"))
    one("Resizing", lambda: L.Resizing(7, 15))
    one("CenterCrop", lambda: L.CenterCrop(5, 6))
    for padding in ("same", "valid"):
        for kernel, strides in ((3, 2), (2, 3), ((2, 3), 1)):
            one(f"Conv2DTranspose_{padding}_{strides}",
                lambda k=kernel, s=strides, p=padding: L.Conv2DTranspose(5, k, strides=s, padding=p))
    one("groups", lambda: L.Conv2D(9, 3, groups=3, padding="same"))
    one("dilation", lambda: L.Conv2D(4, 3, dilation_rate=2, padding="same"))
    one("PReLU", lambda: L.PReLU(shared_axes=[1, 2]))
    one("ELU", lambda: L.ELU(alpha=0.7))
    one("ReLU_max_slope", lambda: L.ReLU(max_value=2.0, negative_slope=0.3))
    one("LayerNormalization", L.LayerNormalization)
    one("GroupNormalization", lambda: L.GroupNormalization(groups=3))
    one("UnitNormalization", L.UnitNormalization)
    one("BatchNormalization_axis", lambda: L.BatchNormalization(axis=1))
    one("Softmax_axis", lambda: L.Softmax(axis=1))
    one("Conv1D", lambda: L.Conv1D(5, 3, padding="causal"), lambda: L.MaxPooling1D(2),
        L.GlobalAveragePooling1D, shape=ROW)
    one("SeparableConv1D", lambda: L.SeparableConv1D(5, 3), L.GlobalMaxPooling1D, shape=ROW)
    one("ZeroPadding1D", lambda: L.ZeroPadding1D(2), lambda: L.Cropping1D(1),
        lambda: L.UpSampling1D(2), shape=ROW)
    one("RepeatVector", lambda: L.Dense(5), lambda: L.RepeatVector(3), shape=(6,))
    for name in ("elu", "selu", "gelu", "hard_sigmoid", "softsign", "swish", "tanh", "softmax"):
        one(f"activation_{name}", lambda n=name: L.Conv2D(4, 3, activation=n))
    one("activation_layer", lambda: L.Conv2D(4, 3, activation=L.LeakyReLU(0.1)))


def add_operators():
    function("arithmetic", lambda a: (a / 127.5 - 1.0) * (2.0 - a) + 3.0 / (a * a + 1.0) - (-a))
    function("slice", lambda a: a[:, 1:-1, 2, :])


def add_applications():
    a = keras.applications
    for name, size in (("ResNet50", 64), ("ResNet50V2", 64), ("DenseNet121", 64), ("InceptionV3", 96),
                       ("Xception", 96), ("MobileNet", 64), ("MobileNetV2", 64),
                       ("MobileNetV3Small", 96), ("MobileNetV3Large", 96), ("EfficientNetB0", 64),
                       ("EfficientNetV2B0", 64), ("InceptionResNetV2", 96), ("NASNetMobile", 96),
                       ("ConvNeXtTiny", 64), ("RegNetX002", 64), ("RegNetY002", 64),
                       ("ResNetRS50", 64), ("VGG16", 48)):
        if hasattr(a, name):
            MODELS[name] = lambda f=getattr(a, name), s=size: f(
                input_shape=(s, s, 3), weights=None, classes=10)


def randomize(model, random):
    for variable in model.weights:
        name = (getattr(variable, "path", None) or variable.name).split("/")[-1].split(":")[0]
        shape = tuple(variable.shape)
        if "seed" in name or "count" in name:
            continue
        if name in ("gamma", "moving_variance", "variance"):
            values = random.uniform(0.6, 1.4, shape)
        elif name.endswith("kernel"):
            inputs = int(np.prod(shape[:2] if name == "depthwise_kernel" else shape[:-1]))
            values = random.normal(0, (1.5 / max(1, inputs)) ** 0.5, shape)
        else:
            values = random.normal(0, 0.1, shape)
        variable.assign(values.astype("float32"))


def difference(tflite, x, expected):
    """The largest, over the samples and outputs."""
    resolver = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = tf.lite.Interpreter(str(tflite), experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    worst = 0.0
    for sample in range(len(x)):
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x[sample:sample + 1])
        interpreter.invoke()
        for output, wanted in zip(interpreter.get_output_details(), expected):
            found = interpreter.get_tensor(output["index"])
            wanted = wanted[sample:sample + 1]
            if found.shape != wanted.shape:
                return float("inf")
            worst = max(worst, float(np.max(np.abs(found - wanted) / np.maximum(1, np.abs(wanted)))))
    return worst


def check(qbench, folder, name):
    random = np.random.default_rng(7)
    model = MODELS[name]()
    randomize(model, random)
    shape = (4,) + tuple(model.inputs[0].shape[1:])
    large = name in dir(keras.applications)
    x = random.uniform(0, 255, shape) if large else random.normal(0, 1.5, shape)
    x = x.astype("float32")
    expected = model(x, training=False)
    expected = expected if isinstance(expected, (list, tuple)) else [expected]
    exact = True
    for ending in (".keras", ".h5"):
        file = folder / (name + ending)
        model.save(file)
        tflite = folder / "float.tflite"
        tflite.unlink(missing_ok=True)
        run = subprocess.run([qbench, "quantize", str(file), "--plugins", "float", "-o", str(tflite)],
                             capture_output=True, text=True)
        if run.returncode != 0:
            print(f"{file.name}: {run.stderr.strip()}", flush=True)
            continue
        found = difference(tflite, x, [np.asarray(y) for y in expected])
        exact = exact and found <= 1e-5
        print(f"{file.name}: {found:.2e}", flush=True)
    return exact


def main():
    qbench, folder, names = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    folder.mkdir(parents=True, exist_ok=True)
    add_layers()
    add_operators()
    add_applications()
    results = [check(qbench, folder, name) for name in names or MODELS]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
