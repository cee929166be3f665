#!/usr/bin/env python3
"""Random small Keras models: what qbench makes of them against what Keras answers.

    python3 random_keras.py QBENCH FOLDER FIRST_SEED COUNT [ENDING...]

needs TensorFlow, of either Keras (tried with 2.15 and with 2.21, Keras 3.15). Model i is made from
seed FIRST_SEED + i alone: images, rows and vectors that random layers lead to each other, branches
that are joined, shared layers and nested models. Each is saved in FOLDER with one of the endings, in turn
(.h5 and .keras, which are the default, .savedmodel, and .pb, a frozen graph), imported by QBENCH and run by
TensorFlow Lite on two random inputs. A model whose difference is above 1e-5 (of
the value where that is above 1), or that is refused, is printed with its seed and layers and stays in
FOLDER. Exit status 1 where there is one.
"""

import pathlib
import shutil
import sys

import keras_compare as compare
import numpy as np
import tensorflow as tf
from qbench_import import import_model

keras = tf.keras
L = keras.layers

NAMES = ["relu", "relu6", "elu", "selu", "gelu", "sigmoid", "hard_sigmoid", "softsign", "tanh",
         "swish", "softmax", "linear", None]


class Maker:
    """Grows one model."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.made = []  # names of classes, for the report

    def pick(self, *options):
        return options[self.random.integers(len(options))]

    def coin(self, chance=0.5):
        return bool(self.random.random() < chance)

    def apply(self, layer, x):
        self.made.append(type(layer).__name__)
        return layer(x)

    def activation(self):
        return NAMES[self.random.integers(len(NAMES))]

    # --- images -------------------------------------------------------------------------------

    def convolution(self, x):
        channels = x.shape[-1]
        kernel = self.pick(1, 3, (2, 3), (3, 1))
        padding = self.pick("same", "valid")
        dilation = self.pick(1, 1, 1, 2)
        strides = 1 if dilation > 1 else self.pick(1, 1, 2)
        common = dict(padding=padding, activation=self.activation(), use_bias=self.coin(0.7))
        kind = self.pick("Conv2D", "Conv2D", "DepthwiseConv2D", "SeparableConv2D", "groups")
        if kind == "DepthwiseConv2D":
            return L.DepthwiseConv2D(kernel, strides=strides, depth_multiplier=self.pick(1, 1, 2),
                                     dilation_rate=dilation, **common)
        if kind == "SeparableConv2D":
            return L.SeparableConv2D(int(self.pick(3, 4, 6)), kernel, strides=strides, **common)
        groups = 2 if kind == "groups" and channels % 2 == 0 else 1
        return L.Conv2D(int(self.pick(2, 4, 6)), kernel, strides=strides, groups=groups,
                        dilation_rate=dilation, **common)

    def transposed(self, x):
        return L.Conv2DTranspose(int(self.pick(2, 3)), self.pick(1, 2, 3, (3, 4)),
                                 strides=self.pick(1, 2, (1, 2), (2, 1), 3),
                                 padding=self.pick("same", "valid"),
                                 activation=self.activation(), use_bias=self.coin())

    def normalization(self, x):
        channels = x.shape[-1]
        return self.pick(
            lambda: L.BatchNormalization(scale=self.coin(0.7), center=self.coin(0.7)),
            lambda: L.BatchNormalization(axis=int(self.random.integers(1, len(x.shape)))),
            lambda: L.LayerNormalization(epsilon=0.01),
            lambda: L.GroupNormalization(groups=int(self.pick(1, channels)), epsilon=0.01),
            lambda: L.UnitNormalization())()

    def single_values(self, x):
        axes = list(range(1, len(x.shape) - 1))
        return self.pick(
            lambda: L.ReLU(max_value=self.pick(None, 6.0, 2.0),
                           negative_slope=self.pick(0.0, 0.0, 0.25)),
            lambda: L.ReLU(max_value=self.pick(None, 2.0), threshold=0.5,
                           negative_slope=self.pick(0.0, 0.1)),
            lambda: L.LeakyReLU(0.2), lambda: L.ELU(self.pick(1.0, 0.5)),
            lambda: L.PReLU(shared_axes=self.pick(axes, None)),
            lambda: L.Activation(self.activation() or "linear"), lambda: L.Softmax(),
            lambda: L.Dropout(0.3), lambda: L.Rescaling(0.5, self.pick(0.0, 0.25)))()

    def sizes(self, x):
        height, width = x.shape[1], x.shape[2]
        return self.pick(
            lambda: L.ZeroPadding2D(((0, 1), (1, 2))),
            lambda: L.Cropping2D(((1, 0), (0, 1))) if min(height, width) > 2 else L.Identity()
            if hasattr(L, "Identity") else L.Dropout(0.1),
            lambda: L.UpSampling2D((1, 2), interpolation=self.pick("nearest", "bilinear")),
            lambda: L.Resizing(5, 7, interpolation=self.pick("nearest", "bilinear")),
            lambda: L.MaxPooling2D(2, strides=self.pick(1, 2, None), padding="same"),
            lambda: L.AveragePooling2D(2, strides=self.pick(1, 2, None), padding="same"),
            lambda: L.Permute((2, 1, 3)))()

    def image_step(self, x):
        if x.shape[1] * x.shape[2] > 600:
            return self.apply(L.MaxPooling2D(2), x)
        if x.shape[1] < 4 or x.shape[2] < 4:
            return self.apply(L.Resizing(8, 7), x)
        make = self.pick(self.convolution, self.convolution, self.convolution, self.transposed,
                         self.normalization, self.single_values, self.sizes)
        return self.apply(make(x), x)

    # --- rows ---------------------------------------------------------------------------------

    def row_step(self, x):
        length = x.shape[1]
        common = dict(activation=self.activation())
        choice = self.pick("dense", "conv", "conv", "attention", "attention", "pool", "normal",
                           "single", "time")
        if choice == "attention":
            layer = L.MultiHeadAttention(int(self.pick(1, 2)), int(self.pick(2, 3)),
                                         value_dim=self.pick(None, 4), use_bias=self.coin())
            self.made.append("MultiHeadAttention")
            return layer(x, x)
        if choice == "conv" and length > 3:
            layer = self.pick(
                lambda: L.Conv1D(4, 3, padding=self.pick("same", "valid", "causal"), **common),
                lambda: L.SeparableConv1D(4, 2, padding="same", **common),
                lambda: L.DepthwiseConv1D(3, padding="same", **common))()
        elif choice == "pool" and length > 3:
            layer = self.pick(L.MaxPooling1D, L.AveragePooling1D)(2, strides=self.pick(1, 2),
                                                                  padding="same")
        elif choice == "normal":
            layer = self.normalization(x)
        elif choice == "single":
            layer = self.single_values(x)
        elif choice == "time":
            layer = L.TimeDistributed(L.Dense(4, **common))
        else:
            layer = L.Dense(int(self.pick(3, 4)), **common)
        return self.apply(layer, x)

    # --- graphs -------------------------------------------------------------------------------

    def chain(self, x, step, count):
        for _ in range(count):
            x = step(x)
        return x

    def branches(self, x, step):
        """Two ways from x, joined where they have the same shape."""
        a = self.chain(x, step, int(self.random.integers(1, 3)))
        b = self.chain(x, step, int(self.random.integers(0, 3)))
        if tuple(a.shape) != tuple(b.shape):
            return a
        layer = self.pick(L.Add, L.Multiply, L.Maximum, L.Minimum, L.Average, L.Subtract,
                          L.Concatenate)()
        self.made.append(type(layer).__name__)
        return layer([a, b])

    def operators(self, x):
        """Arithmetic as layers."""
        self.made.append("operators")
        return self.pick(lambda: x * 0.5 - 1.0, lambda: x + x * x, lambda: 1.0 - x,
                         lambda: x / (x * x + 1.0), lambda: x[:, 1:], lambda: x[..., ::-1],
                         lambda: x[..., :-1] if x.shape[-1] > 1 else x - 0.25)()

    def nested(self, x, step):
        i = L.Input(tuple(x.shape[1:]))
        model = keras.Model(i, self.chain(i, step, 2))
        self.made.append("nested")
        y = model(x)
        return model(y) if tuple(y.shape) == tuple(x.shape) and self.coin() else y

    def grow(self, x, step, count):
        for _ in range(count):
            way = self.random.random()
            if way < 0.6:
                x = step(x)
            elif way < 0.8:
                x = self.branches(x, step)
            elif way < 0.9 and x.shape[1] > 2:
                x = self.operators(x)
            else:
                x = self.nested(x, step)
        return x

    def head(self, x):
        rank = len(x.shape)
        if rank == 4:
            layer = self.pick(L.GlobalAveragePooling2D, L.GlobalMaxPooling2D, L.Flatten)()
        elif rank == 3:
            layer = self.pick(L.GlobalAveragePooling1D, L.GlobalMaxPooling1D, L.Flatten)()
        x = self.apply(layer, x)
        return self.apply(L.Dense(3, activation=self.activation()), x)

    def model(self):
        if self.coin(0.7):
            i = L.Input((int(self.pick(8, 9)), int(self.pick(7, 8)), int(self.pick(1, 3, 4))))
            x = self.grow(i, self.image_step, int(self.random.integers(2, 6)))
            if self.coin(0.15):
                x = self.apply(L.Reshape((-1, x.shape[-1])), x)
                x = self.grow(x, self.row_step, 2)
        else:
            i = L.Input((int(self.pick(6, 9)), int(self.pick(3, 4))))
            x = self.grow(i, self.row_step, int(self.random.integers(2, 6)))
        return keras.Model(i, self.head(x) if self.coin(0.8) else x)


def remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def check(qbench, folder, seed, ending):
    """0: good; 1: bad, and printed; None: this Keras refuses to make it."""
    maker = Maker(seed)
    tf.random.set_seed(seed)
    file = folder / f"random{seed}{ending}"
    try:
        model = maker.model()
        compare.randomize(model, maker.random)
        x = maker.random.normal(0, 1.2, (2,) + tuple(model.inputs[0].shape[1:])).astype("float32")
        expected = compare.answers(model, [x])
        compare.save(model, file)
    except Exception as error:
        print(f"seed {seed}: not made: {str(error).splitlines()[0][:100]}", flush=True)
        return None
    if not all(np.isfinite(y).all() for y in expected):
        remove(file)
        return None
    tflite = folder / f"random{seed}.tflite"
    refused = import_model(qbench, file, tflite)
    found = None if refused else compare.difference(tflite.read_bytes(), [x], expected)
    if found is not None and found <= 1e-5:
        remove(file)
        tflite.unlink()
        return 0
    print(f"seed {seed} ({file.name}): {refused or f'{found:.2e}'}: {' '.join(maker.made)}",
          flush=True)
    return 1


def main():
    qbench, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    first, count = int(sys.argv[3]), int(sys.argv[4])
    endings = sys.argv[5:] or [".h5", ".keras"]
    folder.mkdir(parents=True, exist_ok=True)
    results = []
    for seed in range(first, first + count):
        keras.backend.clear_session()
        results.append(check(qbench, folder, seed, endings[seed % len(endings)]))
    bad = sum(result == 1 for result in results)
    made = sum(result is not None for result in results)
    print(f"seeds {first} to {first + count - 1}: {made} models, {bad} differ or are refused")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
