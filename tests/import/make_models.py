#!/usr/bin/env python3
"""Makes the small Keras models in data/ that keras_models_test.cc imports.

    python3 make_models.py [NAME...]

needs TensorFlow with Keras 3 and tf_keras (Keras 2); tried with TensorFlow 2.21, keras 3.15 and
tf_keras 2.21. Models are saved by either Keras as data/<name>.keras2.h5 and .keras3.h5, some also
as .keras2.keras and .keras3.keras, beside
<name>.keras2.x0.npy, … (seeded inputs) and .y0.npy, … (what that Keras answers), in the order of
the model's inputs and outputs. Weights are random, also those of batch normalization. data/ is
committed, so the build needs none of this.
"""

import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import keras as keras3
import tensorflow as tf
import tf_keras as keras2

DATA = pathlib.Path(__file__).parent / "data"
SHAPE = (8, 8, 3)


def convolutions(keras):
    """Convolutions, and what batch normalization may leave out, in two branches that join."""
    L = keras.layers
    i = L.Input(SHAPE, name="image")
    a = L.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="conv")(i)
    a = L.BatchNormalization(name="bn")(a)
    a = L.ReLU(6.0, name="relu6")(a)
    b = L.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2, activation="relu",
                          name="depthwise")(i)
    b = L.Conv2D(4, 1, activation="relu6", name="point")(b)
    b = L.BatchNormalization(scale=False, name="bn_no_scale")(b)
    x = L.Add(name="add")([a, b])
    return keras.Model(i, x, name="convolutions")


def pooling(keras):
    """Padded pooling, layers with several inputs, and a softmax at the end."""
    L = keras.layers
    i = L.Input(SHAPE, name="image")
    x = L.SeparableConv2D(5, (2, 3), depth_multiplier=2, padding="same", activation="tanh",
                          name="separable")(i)
    x = L.Conv2D(3, (3, 1), dilation_rate=(2, 1), use_bias=False, name="dilated")(x)
    x = L.BatchNormalization(center=False, epsilon=0.01, name="bn_no_center")(x)
    e = L.MaxPooling2D((3, 2), strides=1, padding="same", name="max")(x)
    f = L.AveragePooling2D(3, strides=1, padding="same", name="average")(x)
    x = L.Concatenate(name="join")([L.Multiply(name="gate")([e, f]), x])
    x = L.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(i, L.Dense(3, activation="softmax", name="classes")(x), name="pooling")


def preprocessing(keras):
    """Layers that prepare images, in a Sequential model."""
    L = keras.layers
    return keras.Sequential([
        L.Input(SHAPE, name="image"),
        L.Rescaling(1 / 127.5, offset=-1, name="rescale"),
        L.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 4.0, 0.25], name="fixed"),
        L.Normalization(name="adapted"),
        L.ZeroPadding2D(((1, 0), (2, 1)), name="pad"),
        L.LeakyReLU(0.25, name="leaky"),
        L.SpatialDropout2D(0.5, name="dropout2d"),
        L.MaxPooling2D(name="max"),
        L.AveragePooling2D((2, 3), name="average"),
        L.Reshape((2, -1), name="rows"),
        L.GaussianNoise(1.0, name="noise"),
        L.Flatten(name="flat"),
    ], name="preprocessing")


def activations(keras):
    """Dense layers and activations, in a Sequential model."""
    L = keras.layers
    return keras.Sequential([
        L.Input(SHAPE, name="image"),
        L.Dense(4, activation="swish", name="dense4d"),
        L.Activation("sigmoid", name="sigmoid"),
        L.Flatten(name="flat"),
        L.Dropout(0.5, name="dropout"),
        L.Dense(6, use_bias=False, name="dense"),
        L.ReLU(negative_slope=0.125, name="relu_slope"),
        L.Activation("tanh", name="tanh"),
        L.Activation("linear", name="linear"),
        L.Softmax(name="softmax"),
    ], name="activations")


def augmentation(keras):
    """Layers that do nothing at inference, those of Keras 3 alone included."""
    L = keras.layers
    model = keras.Sequential([L.Input(SHAPE, name="image")], name="augmentation")
    model.add(L.RandomFlip())
    model.add(L.RandomRotation(0.1))
    model.add(L.RandomZoom(0.2))
    model.add(L.RandomTranslation(0.1, 0.1))
    model.add(L.RandomContrast(0.5))
    model.add(L.RandomCrop(*SHAPE[:2]))
    model.add(L.Resizing(*SHAPE[:2]))
    model.add(L.ActivityRegularization(0.1))
    if keras is keras2:
        model.add(L.RandomBrightness(0.5))  # Keras 3.15 cannot save it in a .h5 file
    else:
        for name in ("Hue", "Invert"):
            model.add(getattr(L, "Random" + name)(0.5))
        model.add(L.RandomShear(0.1, 0.1))
        model.add(L.RandomErasing())
        model.add(L.RandomPerspective())
        model.add(L.MixUp())
    model.add(L.Conv2D(2, 3))
    model.add(L.GlobalAveragePooling2D(keepdims=True))
    return model


def backbone(keras, name):
    L = keras.layers
    i = L.Input(SHAPE, name=name + "_input")
    x = L.Conv2D(3, 3, padding="same", use_bias=False, name="conv")(i)
    x = L.BatchNormalization(name="bn")(x)
    return keras.Model(i, L.ReLU(name="relu")(x), name=name)


def nested(keras):
    """Transfer learning: augmentation, a backbone two levels down, a head, each a model."""
    L = keras.layers
    augment = keras.Sequential([L.RandomFlip(name="flip")], name="augment")
    head = keras.Sequential([L.Flatten(name="flat"), L.Dense(4, activation="relu", name="hidden"),
                             L.Dropout(0.2, name="dropout"), L.Dense(3, name="logits")],
                            name="head")
    i = L.Input(SHAPE, name="middle_input")
    x = backbone(keras, "backbone")(i)
    middle = keras.Model(i, L.Conv2D(2, 2, strides=2, name="conv2")(x), name="middle")
    i = L.Input(SHAPE, name="image")
    return keras.Model(i, head(middle(augment(i), training=False)), name="nested")


def shared(keras):
    """Layers and a whole model called twice; two inputs; a nested model as an output."""
    L = keras.layers
    one = L.Input(SHAPE, name="one")
    two = L.Input(SHAPE, name="two")
    twin = backbone(keras, "twin")
    again = L.Conv2D(3, 3, padding="same", activation="relu", name="again")
    a = again(again(twin(one)))
    b = again(twin(two))
    last = L.Input(SHAPE, name="last_input")
    last = keras.Model(last, L.MaxPooling2D(4, name="max")(last), name="last")
    difference = L.Subtract(name="difference")([a, b])
    return keras.Model([one, two], [last(difference), L.Flatten(name="flat")(b)], name="shared")


def in_sequential(keras):
    """A Functional model and a Sequential one in a Sequential one."""
    L = keras.layers
    return keras.Sequential([
        L.Input(SHAPE, name="image"), backbone(keras, "backbone"),
        keras.Sequential([L.Conv2D(2, 3, name="conv"), L.Activation("relu6", name="act")],
                         name="tail"),
        L.Flatten(name="flat")], name="in_sequential")


def adapt(model, random):
    for layer in model.layers:
        if type(layer).__name__ == "Normalization" and layer.input_mean is None:
            layer.adapt(random.normal(0.3, 2.0, (16,) + SHAPE).astype("float32"))


def precision(keras):
    """An input of whole numbers, and layers that compute in float16 with float32 weights."""
    L = keras.layers
    i = L.Input(SHAPE, name="image", dtype="uint8")
    x = L.RandomFlip("horizontal", name="flip")(i)
    x = L.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(x)
    x = L.Conv2D(4, 3, activation="relu", name="conv")(x)
    x = L.BatchNormalization(name="bn")(x)
    x = L.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(i, L.Dense(3, activation="softmax", dtype="float32", name="classes")(x),
                       name="precision")


def attention(keras):
    """A block of a vision transformer, one that looks at another row, and one level down."""
    L = keras.layers
    i = L.Input(SHAPE, name="image")
    x = L.Conv2D(6, 4, strides=4, name="patches")(i)
    x = L.Reshape((4, 6), name="row")(x)
    y = L.LayerNormalization(epsilon=1e-6, name="norm")(x)
    y = L.MultiHeadAttention(2, 3, name="self")(y, y)
    x = L.Add(name="add")([x, y])
    j = L.Input((4, 6), name="inner_input")
    z = L.MultiHeadAttention(2, 3, value_dim=2, output_shape=5, use_bias=False,
                             name="self")(j, value=j)
    x = keras.Model(j, z, name="inner")(x)
    two = L.Input((3, 7), name="two")
    x = L.MultiHeadAttention(1, 4, name="cross")(x, value=two)
    x = L.Dense(4, activation="gelu", name="hidden")(x)
    x = L.GlobalAveragePooling1D(name="pool")(x)
    return keras.Model([i, two], L.Dense(3, name="logits")(x), name="attention")


def sequences(keras):
    """Layers for each step of a sequence: dense and normalizing ones, and one that is copied."""
    L = keras.layers
    T = L.TimeDistributed
    i = L.Input((3,) + SHAPE, name="video")
    x = T(L.Conv2D(2, 3, strides=2, activation="relu", name="conv"), name="each_conv")(i)
    x = T(L.BatchNormalization(axis=-1, name="bn"), name="each_bn")(x)
    x = T(L.MaxPooling2D(3, name="max"), name="each_max")(x)
    x = T(L.Flatten(name="flat"), name="each_flat")(x)
    j = L.Input((3, 2), name="inner_input")
    y = T(L.Dense(3, activation="tanh", name="dense"), name="each_dense")(j)
    x = keras.Model(j, y, name="inner")(x)
    return keras.Model(i, x, name="sequences")


def slopes(keras):
    """Every kind of ReLU, PReLU, and transposed convolutions."""
    L = keras.layers
    i = L.Input(SHAPE, name="image")
    a = L.ReLU(max_value=0.5, negative_slope=0.25, threshold=0.25, name="threshold")(i)
    b = L.ReLU(max_value=0.5, name="most")(i)
    c = L.ReLU(max_value=0.5, negative_slope=0.25, name="most_slope")(i)
    d = L.PReLU(shared_axes=[1, 2], name="prelu")(i)
    e = L.ReLU(threshold=0.1, name="threshold_alone")(i)
    x = L.Concatenate(name="join")([a, b, c, d, e])
    x = L.Conv2DTranspose(3, 3, strides=(1, 2), padding="same", name="wider")(x)
    x = L.Conv2DTranspose(2, (4, 3), strides=(2, 3), name="larger")(x)
    x = L.Conv2DTranspose(2, 4, strides=2, padding="same", activation="relu", name="double")(x)
    return keras.Model(i, L.GlobalMaxPooling2D(name="largest")(x), name="slopes")


def channels_first(keras):
    """Images with their channels first, and a Flatten of either order."""
    L = keras.layers
    f = "channels_first"
    i = L.Input((3, 8, 6), name="image")
    x = L.ZeroPadding2D(1, data_format=f, name="pad")(i)
    x = L.Conv2D(4, 3, strides=2, use_bias=False, data_format=f, name="conv")(x)
    x = L.ReLU(name="relu")(L.BatchNormalization(axis=1, name="bn")(x))
    y = L.DepthwiseConv2D(3, padding="same", data_format=f, name="depthwise")(x)
    y = L.PReLU(shared_axes=[2, 3], name="prelu")(y)
    g = L.GlobalAveragePooling2D(data_format=f, name="pool")(y)
    g = L.Reshape((4, 1, 1), name="gate")(L.Dense(4, activation="sigmoid", name="squeeze")(g))
    x = L.Add(name="add")([x, L.Multiply(name="scale")([y, g])])
    x = L.Concatenate(axis=1, name="join")([x, y])
    a = L.Dense(3, name="a")(L.Flatten(name="flat")(x))
    b = L.Dense(3, name="b")(L.Flatten(data_format=f, name="flat_first")(x))
    return keras.Model(i, [a, b], name="channels_first")


def caffe(keras):
    """Preprocessing as arithmetic, in front of a convolution that does not pad."""
    L = keras.layers
    i = L.Input(SHAPE, name="image")
    x = keras.applications.resnet50.preprocess_input(i)
    x = L.Conv2D(2, 3, name="conv")(x / 64.0)
    return keras.Model(i, L.GlobalMaxPooling2D(name="largest")(x), name="caffe")


def unreadable(keras):
    """Layers, an operator and options that qbench does not read."""
    L = keras.layers
    i = L.Input(SHAPE, name="image")
    x = L.Resizing(4, 4, interpolation="bicubic", name="bicubic")(i)
    x = L.Conv2D(2, 3, activation="mish", name="mish")(x)
    x = L.Flatten(name="flat")(x)
    y = L.Attention(name="attention")([L.Reshape((2, 4))(x), L.Reshape((2, 4))(x)])
    y = L.Flatten(name="flat2")(y)
    z = L.CenterCrop(12, 12, name="larger")(i)
    z = L.GlobalAveragePooling2D(name="pool")(z)
    x = L.Concatenate(name="join")([x, y, keras.ops.exp(z)])
    return keras.Model(i, L.Dense(3, name="logits")(x), name="unreadable")


def randomize(model, random):
    weights = []
    for variable in model.weights:
        name = getattr(variable, "path", variable.name)
        shape = tuple(variable.shape)
        if any(part in name for part in ("seed", "count", "adapted", "mean", "generator")):
            low, high = (None, None) if "moving" not in name else (-0.5, 0.5)
        elif "variance" in name or "gamma" in name:
            low, high = 0.5, 2.0
        else:
            low, high = -0.7, 0.7
        keep = low is None or ("variance" in name and "moving" not in name)
        weights.append(variable.numpy() if keep
                       else random.uniform(low, high, shape).astype("float32"))
    model.set_weights(weights)


def save(keras, make):
    random = np.random.default_rng(7)
    keras.backend.clear_session()
    if make is precision:
        keras.mixed_precision.set_global_policy("mixed_float16")
    model = make(keras)
    adapt(model, random)
    randomize(model, random)
    stem = DATA / f"{make.__name__}.{'keras2' if keras is keras2 else 'keras3'}"
    model.save(f"{stem}.h5", include_optimizer=False)
    if make in (convolutions, pooling, preprocessing, nested, shared, attention, sequences):
        model.save(f"{stem}.keras")
    if make is unreadable:
        return
    low, high = (0, 255) if make in (preprocessing, precision) else (-1, 1)
    inputs = [random.uniform(low, high, (2,) + tuple(i.shape[1:])).astype("float32")
              for i in model.inputs]
    if make is precision:  # what float32 makes of the same weights and numbers
        keras.mixed_precision.set_global_policy("float32")
        exact = make(keras)
        exact.set_weights(model.get_weights())
        model = exact
        inputs = [np.floor(i) for i in inputs]
    # TensorFlow computes with channels first on processors by XLA alone.
    run = tf.function(lambda x: model(x, training=False), jit_compile=True) \
        if make is channels_first else lambda x: model(x, training=False)
    outputs = run(inputs if len(inputs) > 1 else inputs[0])
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    if make is channels_first:  # as qbench has them
        inputs = [np.moveaxis(i, 1, -1) for i in inputs]
    for kind, arrays in (("x", inputs), ("y", outputs)):
        for index, array in enumerate(arrays):
            np.save(f"{stem}.{kind}{index}.npy", np.ascontiguousarray(array, "float32"))


def save_weights_only():
    model = keras2.Sequential([keras2.layers.Input((2,)), keras2.layers.Dense(1)])
    model.save_weights(DATA / "weights_only.h5")


ALL = {
    keras2: (convolutions, preprocessing, augmentation, nested, shared, precision, attention,
             sequences, slopes, caffe),
    keras3: (convolutions, preprocessing, augmentation, nested, shared, precision, pooling,
             activations, in_sequential, attention, sequences, slopes, channels_first, caffe,
             unreadable),
}

if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    names = sys.argv[1:]
    for keras, makers in ALL.items():
        for make in makers:
            if not names or make.__name__ in names:
                save(keras, make)
    if not names:
        save_weights_only()
