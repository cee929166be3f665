#!/usr/bin/env python3
"""Imports small Keras models of every layer, operator and family that qbench reads, and compares.

    python3 check_keras.py QBENCH FOLDER [NAME...]

needs TensorFlow, of either Keras (tried with 2.15 and with 2.21, Keras 3.15); nothing of qbench needs
it. Each model has random weights and is saved in FOLDER as NAME.keras and NAME.h5; QBENCH (the
program) makes a float .tflite of both, which TensorFlow Lite runs on four random inputs. Printed is
the largest difference from Keras of each (as a part of the value where that is above 1), operators and
bytes beside those of TensorFlow's converter, and what was refused. Exit status 1 where a difference
is above 1e-5 (and is further from a float64 computation than Keras is, which is printed then), or there
are more operators or bytes than the converter's.
"""

import pathlib
import sys

import keras_compare as compare
import numpy as np
import tensorflow as tf
from qbench_import import import_model

keras = tf.keras
L = keras.layers
MODELS = {}
IMAGE = (12, 10, 6)
ROW = (20, 6)
# Families of keras.applications that take pixels as they are.
SCALES_ITSELF = ("EfficientNet", "MobileNetV3", "ConvNeXt", "RegNet", "ResNetRS")


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


def add_wrappers():
    one("ReLU_threshold", lambda: L.ReLU(max_value=2.0, negative_slope=0.3, threshold=0.5))
    one("ReLU_threshold_alone", lambda: L.ReLU(threshold=0.25))
    one("ReLU_max", lambda: L.ReLU(max_value=1.5))
    one("PReLU_each", L.PReLU)
    one("Dense_3d", lambda: L.Dense(5, activation="relu"), shape=ROW)
    one("Dense_4d", lambda: L.Dense(5, activation="relu"))
    for strides in ((1, 2), (2, 1), (2, 3)):
        one(f"Conv2DTranspose_{strides[0]}{strides[1]}",
            lambda s=strides: L.Conv2DTranspose(5, 3, strides=s, padding="same"))
    one("Conv2DTranspose_4", lambda: L.Conv2DTranspose(5, 4, strides=2, padding="same"))
    one("Conv2DTranspose_extra",
        lambda: L.Conv2DTranspose(5, 3, strides=2, padding="same", output_padding=1))
    one("TimeDistributed_Dense", lambda: L.TimeDistributed(L.Dense(5, activation="tanh")), shape=ROW)
    one("TimeDistributed_Conv2D", lambda: L.TimeDistributed(L.Conv2D(5, 3, activation="relu")),
        lambda: L.TimeDistributed(L.BatchNormalization()),
        lambda: L.TimeDistributed(L.MaxPooling2D()), lambda: L.TimeDistributed(L.Flatten()),
        shape=(3, 8, 8, 4))
    one("TimeDistributed_pool", lambda: L.TimeDistributed(L.GlobalAveragePooling2D()),
        shape=(3, 8, 8, 4))

    def attention(**options):
        def make():
            i = L.Input(ROW)
            j = L.Input((9, 5))
            x = L.MultiHeadAttention(2, 4, **options)(i, i)
            return keras.Model([i, j], L.MultiHeadAttention(3, 4, value_dim=5)(x, value=j))
        return make
    MODELS["MultiHeadAttention"] = attention()
    MODELS["MultiHeadAttention_options"] = attention(use_bias=False, output_shape=8, value_dim=3)

    def image_attention():
        i = L.Input((4, 5, 6))
        return keras.Model(i, L.MultiHeadAttention(2, 3)(i, i))
    MODELS["MultiHeadAttention_image"] = image_attention

    def key_attention():
        i, j, k = L.Input(ROW), L.Input((9, 5)), L.Input((9, 7))
        return keras.Model([i, j, k], L.MultiHeadAttention(2, 3)(i, j, key=k))
    MODELS["MultiHeadAttention_key"] = key_attention
    MODELS["ViT"] = vision_transformer
    one("Embedding", lambda: L.Embedding(10, 4), shape=(6,))

    def old_attention():
        i = L.Input(ROW)
        return keras.Model(i, L.Attention()([i, i]))
    MODELS["Attention"] = old_attention
    one("BatchNormalizationV1", lambda: tf.compat.v1.keras.layers.BatchNormalization())
    one("axis_GroupNormalization", lambda: L.GroupNormalization(groups=2, axis=1))
    one("axis_Normalization", lambda: L.Normalization(axis=1, mean=np.arange(12) / 9.0,
                                                      variance=np.arange(12) / 9.0 + 1))
    one("GlobalMaxPooling2D_keepdims", lambda: L.GlobalMaxPooling2D(keepdims=True))
    one("nearest_Resizing", lambda: L.Resizing(7, 15, interpolation="nearest"))
    for name in ("relu6", "hard_swish", "silu", "leaky_relu", "linear", "sigmoid"):
        one(f"name_{name}", lambda n=name: L.Conv2D(4, 3, activation=n))


def vision_transformer():
    """Patches, two blocks, a head."""
    i = L.Input((16, 16, 3))
    x = L.Reshape((16, 12))(L.Conv2D(12, 4, strides=4)(i))
    for _ in range(2):
        y = L.LayerNormalization(epsilon=1e-6)(x)
        x = L.Add()([x, L.MultiHeadAttention(3, 4, dropout=0.1)(y, y)])
        y = L.LayerNormalization(epsilon=1e-6)(x)
        y = L.Dense(12)(L.Dropout(0.1)(L.Dense(24, activation="gelu")(y)))
        x = L.Add()([x, y])
    x = L.GlobalAveragePooling1D()(L.LayerNormalization(epsilon=1e-6)(x))
    return keras.Model(i, L.Dense(5, activation="softmax")(x))


def add_operators():
    function("arithmetic", lambda a: (a / 127.5 - 1.0) * (2.0 - a) + 3.0 / (a * a + 1.0) - (-a))
    function("slice", lambda a: a[:, 1:-1, 2, :])
    function("reversed", lambda a: a[..., ::-1])
    if keras.__name__.startswith("keras.api") or not hasattr(keras, "ops"):
        m, n = tf.math, tf.nn
        table = {"sigmoid": m.sigmoid, "tanh": m.tanh, "square": m.square, "abs": m.abs,
                 "negative": m.negative, "relu": n.relu, "relu6": n.relu6, "elu": n.elu,
                 "selu": n.selu, "gelu": n.gelu, "silu": n.silu, "softsign": n.softsign,
                 "softmax": n.softmax, "leaky_relu": n.leaky_relu,
                 "softmax_axis": lambda a: n.softmax(a, axis=1),
                 "mean": lambda a: m.reduce_mean(a, [1, 2]),
                 "sum": lambda a: m.reduce_sum(a, 3, keepdims=True),
                 "max": lambda a: m.reduce_max(a, -1),
                 "clip": lambda a: tf.clip_by_value(a, -0.5, 0.7),
                 "sqrt": lambda a: m.sqrt(a * a + 1.0), "rsqrt": lambda a: m.rsqrt(a * a + 1.0),
                 "maximum": lambda a: m.maximum(a, 0.1), "minimum": lambda a: m.minimum(a, 0.1),
                 "squared_difference": lambda a: m.squared_difference(a, 2.0 * a),
                 "bias_add": lambda a: n.bias_add(a, [1.0, 2.0, 3.0, 4.0]),
                 "expand": lambda a: tf.expand_dims(a, 1),
                 "concat": lambda a: tf.concat([a, 2.0 * a], -1),
                 "stack": lambda a: tf.stack([a, 2.0 * a], -1),
                 "pad": lambda a: tf.pad(a, [[0, 0], [1, 0], [2, 1], [0, 0]]),
                 "transpose": lambda a: tf.transpose(a, [0, 2, 1, 3]),
                 "reshape": lambda a: tf.reshape(a, [-1, 60, 8]),
                 "resize": lambda a: tf.image.resize(a, [5, 7])}
    else:
        o = keras.ops
        table = {"sigmoid": o.sigmoid, "tanh": o.tanh, "square": o.square, "abs": o.abs,
                 "negative": o.negative, "relu": o.relu, "relu6": o.relu6, "elu": o.elu,
                 "selu": o.selu, "gelu": o.gelu, "silu": o.silu, "softsign": o.softsign,
                 "softmax": o.softmax, "leaky_relu": o.leaky_relu,
                 "hard_sigmoid": o.hard_sigmoid, "hard_silu": o.hard_silu,
                 "softmax_axis": lambda a: o.softmax(a, axis=1),
                 "mean": lambda a: o.mean(a, [1, 2]),
                 "sum": lambda a: o.sum(a, 3, keepdims=True),
                 "max": lambda a: o.max(a, -1),
                 "clip": lambda a: o.clip(a, -0.5, 0.7),
                 "sqrt": lambda a: o.sqrt(a * a + 1.0), "rsqrt": lambda a: o.rsqrt(a * a + 1.0),
                 "maximum": lambda a: o.maximum(a, 0.1), "minimum": lambda a: o.minimum(a, 0.1),
                 "expand": lambda a: o.expand_dims(a, 1),
                 "concat": lambda a: o.concatenate([a, 2.0 * a], -1),
                 "stack": lambda a: o.stack([a, 2.0 * a], -1),
                 "pad": lambda a: o.pad(a, [[0, 0], [1, 0], [2, 1], [0, 0]]),
                 "transpose": lambda a: o.transpose(a, [0, 2, 1, 3]),
                 "reshape": lambda a: o.reshape(a, [-1, 60, 8])}
    for name, compute in table.items():
        function(f"operator_{name}", compute)


def add_preprocessing():
    """preprocess_input inside the model, as the tutorials of transfer learning have it."""
    a = keras.applications
    for name in ("mobilenet_v2", "resnet50", "densenet", "vgg16", "efficientnet", "inception_v3"):
        def make(module=getattr(a, name)):
            i = L.Input((16, 16, 3))
            x = L.RandomFlip()(i)
            x = module.preprocess_input(x)
            x = L.Conv2D(4, 3, strides=2, use_bias=False)(x)
            x = L.ReLU()(L.BatchNormalization()(x))
            x = L.GlobalAveragePooling2D()(x)
            return keras.Model(i, L.Dense(3)(L.Dropout(0.2)(x)))
        MODELS[f"preprocess_{name}"] = make


def add_channels_first():
    def block(x, filters, strides=1):
        f = "channels_first"
        y = L.ZeroPadding2D(1, data_format=f)(x)
        y = L.Conv2D(filters, 3, strides=strides, use_bias=False, data_format=f)(y)
        y = L.ReLU()(L.BatchNormalization(axis=1)(y))
        y = L.DepthwiseConv2D(3, padding="same", data_format=f)(y)
        return L.BatchNormalization(axis=1)(y)

    def residual(x):
        y = block(x, 8)
        gate = L.GlobalAveragePooling2D(data_format="channels_first")(y)
        gate = L.Reshape((8, 1, 1))(L.Dense(8, activation="sigmoid")(gate))
        return L.Add()([x, L.Multiply()([y, gate])])

    def make(end):
        def model():
            i = L.Input((3, 16, 12))
            x = L.PReLU(shared_axes=[2, 3])(block(L.Rescaling(1 / 127.5, -1)(i), 8, 2))
            x = residual(x)
            x = L.Concatenate(axis=1)([x, L.MaxPooling2D(3, 1, "same", "channels_first")(x)])
            return keras.Model(i, end(x))
        return model
    f = "channels_first"
    MODELS["channels_first_pool"] = make(
        lambda x: L.Dense(3, activation="softmax")(L.GlobalMaxPooling2D(data_format=f)(x)))
    MODELS["channels_first_flatten"] = make(lambda x: L.Dense(3)(L.Flatten()(x)))
    MODELS["channels_first_flatten_first"] = make(
        lambda x: L.Dense(3)(L.Flatten(data_format=f)(x)))
    MODELS["channels_first_reshape"] = make(lambda x: L.Dense(3)(L.Reshape((4, -1))(x)))
    MODELS["channels_first_map"] = make(lambda x: L.Conv2D(2, 1, data_format=f)(x))
    MODELS["channels_first_group"] = make(
        lambda x: L.GlobalAveragePooling2D(data_format=f)(L.GroupNormalization(4, axis=1)(x)))


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


def turned(x):
    """From channels first to channels last."""
    return np.moveaxis(x, 1, -1)


def check(qbench, folder, name):
    random = np.random.default_rng(7)
    try:
        model = MODELS[name]()
        compare.randomize(model, random)
        large = name in dir(keras.applications)
        xs = []
        for tensor in model.inputs:
            shape = (4,) + tuple(tensor.shape[1:])
            pixels = (0, 255) if name.startswith(SCALES_ITSELF) else (-1, 1)
            x = random.uniform(*pixels, shape) if large else random.normal(0, 1.5, shape)
            xs.append(x.astype("float32"))
        expected = compare.answers(model, xs)
    except Exception as error:  # this Keras lacks it
        print(f"{name}: not built here: {str(error).splitlines()[0][:120]}", flush=True)
        return True
    theirs = compare.converted(model, folder / f"{name}.converter.tflite")
    plain = xs
    if name.startswith("channels_first"):
        xs = [turned(x) if x.ndim > 2 else x for x in xs]
    good = True
    for ending in (".keras", ".h5"):
        file = folder / (name + ending)
        try:
            model.save(file)
        except Exception as error:
            print(f"{file.name}: not saved: {str(error).splitlines()[0][:120]}", flush=True)
            continue
        tflite = folder / "float.tflite"
        refused = import_model(qbench, file, tflite)
        if refused:
            print(f"{file.name}: {refused}", flush=True)
            continue
        ours = tflite.read_bytes()
        found = compare.difference(ours, xs, expected)
        ours_exact = ""
        if 1e-5 < found < 1e-3:  # rounding alone? float64 tells
            double = compare.exact(MODELS[name], model, plain)
            mine = compare.distance(compare.outputs(ours, xs), double)
            theirs_exact = compare.distance(expected, double)
            ours_exact = f"; from float64: this {mine:.2e}, Keras {theirs_exact:.2e}"
            good = good and mine <= max(1e-5, theirs_exact)
        else:
            good = good and found <= 1e-5
        text = f"{file.name}: {found:.2e}{ours_exact}, {compare.operators(ours)} operators, {len(ours)} bytes"
        if theirs is not None:
            more = compare.operators(ours) > compare.operators(theirs)
            larger = len(ours) > len(theirs)
            good = good and not more and not larger
            text += f"; converter {compare.operators(theirs)}, {len(theirs)}"
            text += "; MORE" if more else ""
            text += "; LARGER" if larger else ""
        print(text, flush=True)
    return good


def main():
    qbench, folder, names = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    folder.mkdir(parents=True, exist_ok=True)
    add_layers()
    add_wrappers()
    add_operators()
    add_preprocessing()
    add_channels_first()
    add_applications()
    results = [check(qbench, folder, name) for name in names or MODELS]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
