#!/usr/bin/env python3
"""Makes the small TensorFlow models in data/ that tf_models_test.cc imports.

    python3 make_tf_models.py

needs TensorFlow with Keras 3 and tf_keras (Keras 2); tried with TensorFlow 2.21, keras 3.15 and
tf_keras 2.21. Frozen graphs are data/tf_<name>.pb, SavedModels folders data/tf_<name>, beside
tf_<name>.x0.npy (seeded inputs) and .y0.npy (what TensorFlow answers). Weights are random. data/ is
committed, so the build needs none of this.
"""

import os
import pathlib
import shutil

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np
import tensorflow as tf
import keras as keras3
import tf_keras as keras2
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

DATA = pathlib.Path(__file__).parent / "data"
SHAPE = (8, 8, 3)
v1 = tf.compat.v1


def randomize(weights, rng):
    """All weights, also those of batch normalization, whose variances stay positive."""
    for variable in weights:
        values = rng.normal(0, 0.3, variable.shape)
        name = getattr(variable, "path", variable.name)
        if "variance" in name:
            values = np.abs(values) + 0.5
        variable.assign(values.astype(np.float32))


def classifier(keras):
    """What most networks are made of."""
    L = keras.layers
    i = L.Input(SHAPE, name="image")
    x = L.Rescaling(1 / 127.5, offset=-1, name="rescale")(i)
    x = L.ZeroPadding2D(((0, 1), (0, 1)), name="pad")(x)
    x = L.Conv2D(4, 3, strides=2, use_bias=False, name="conv")(x)
    x = L.BatchNormalization(name="bn")(x)
    x = L.ReLU(6.0, name="relu6")(x)
    a = L.DepthwiseConv2D(3, padding="same", activation="relu", name="depthwise")(x)
    b = L.Conv2D(4, 3, padding="same", dilation_rate=2, activation="swish", name="dilated")(x)
    x = L.Add(name="add")([a, b])
    x = L.Concatenate(name="join")([x, L.MaxPooling2D(3, strides=1, padding="same")(x)])
    x = L.GlobalAveragePooling2D(name="pool")(x)
    x = L.Dropout(0.5, name="dropout")(x)
    return keras.Model(i, L.Dense(3, activation="softmax", name="classes")(x), name="classifier")


def tokens(keras):
    """Shape arithmetic with an open batch: dense layers on three dimensions, normalization."""
    L = keras.layers
    i = L.Input(SHAPE, name="image")
    x = L.Reshape((16, -1), name="rows")(i)
    x = L.Dense(6, activation="gelu", name="mix")(x)
    x = L.LayerNormalization(epsilon=1e-6, name="norm")(x)
    x = L.Permute((2, 1), name="turn")(x)
    x = L.Dense(5, activation="elu", name="again")(x)
    x = L.Flatten(name="flat")(x)
    return keras.Model(i, L.Dense(4, name="logits")(x), name="tokens")


def vision(keras):
    """Attention over patches, and what Keras writes in its own ways: normalization over other
    dimensions than the last, transposed convolutions, ELU with a factor."""
    L = keras.layers
    i = L.Input(SHAPE, name="image")
    x = L.LayerNormalization(name="norm")(i)
    x = L.LayerNormalization(axis=[1, 2, 3], name="whole")(x)
    x = L.BatchNormalization(axis=1, name="by_row")(x)
    x = L.Conv2D(4, 2, strides=2, name="patches")(x)
    x = L.GroupNormalization(2, name="groups")(x)
    x = L.Reshape((16, 4), name="tokens")(x)
    x = L.Add(name="add")([x, L.MultiHeadAttention(2, 3, value_dim=2, name="attention")(x, x)])
    x = L.Dense(6, activation="gelu", name="mix")(x)
    if keras is keras2:  # That of Keras 3 walks over the rows in a loop.
        x = L.TimeDistributed(L.Dense(6, activation="relu"), name="each")(x)
    x = L.Concatenate(name="most")([x, L.UpSampling1D(16, name="tile")(
        L.Reshape((1, 6), name="one")(L.GlobalMaxPooling1D(name="max")(x)))])
    x = L.Dense(6, name="less")(x)
    x = L.Reshape((4, 4, 6), name="image_again")(x)
    x = L.Conv2DTranspose(3, 3, strides=2, padding="same", name="up")(x)
    x = L.ELU(0.3, name="elu")(x) if keras is keras2 else L.ELU(name="elu")(x)
    x = L.Conv2DTranspose(2, 3, strides=(3, 1), name="up_more")(x)
    x = L.ReLU(2.0, negative_slope=0.1, threshold=0.2, name="relu")(x)
    x = L.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(i, L.Dense(3, name="logits")(x), name="vision")


def write_pair(name, x, y):
    np.save(DATA / f"tf_{name}.x0.npy", np.asarray(x, np.float32))
    np.save(DATA / f"tf_{name}.y0.npy", np.asarray(y, np.float32))


def fresh(name):
    folder = DATA / f"tf_{name}"
    shutil.rmtree(folder, ignore_errors=True)
    return str(folder)


def trim(name):
    """Leaves only what qbench reads, and what is small."""
    for extra in ("fingerprint.pb", "keras_metadata.pb", "assets"):
        path = DATA / f"tf_{name}" / extra
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def freeze(model, name):
    spec = tf.TensorSpec((None, *SHAPE), tf.float32, name="image")
    function = tf.function(lambda image: model(image, training=False)).get_concrete_function(spec)
    graph = convert_variables_to_constants_v2(function).graph.as_graph_def()
    (DATA / f"tf_{name}.pb").write_bytes(graph.SerializeToString(deterministic=True))


def keras_models(rng, builds):
    x = rng.uniform(0, 255, (2, *SHAPE)).astype(np.float32)
    for generation, keras in ((2, keras2), (3, keras3)):
        for build in builds:
            keras.utils.set_random_seed(7)
            model = build(keras)
            randomize(model.weights, rng)
            inputs = x / 255 if build is tokens else x
            name = f"{build.__name__}.keras{generation}"
            write_pair(name, inputs, model(inputs, training=False))
            if build is not classifier:
                freeze(model, name)
            elif generation == 2:
                model.save(fresh(name), save_format="tf")
            else:
                model.export(fresh(name), verbose=False)
            trim(name)


class Module(tf.Module):
    """Two signatures of one network; its variables have the same name."""

    def __init__(self, rng):
        super().__init__()
        self.layers = [tf.Variable(rng.normal(0, 0.5, s).astype(np.float32), name="w")
                       for s in ((3, 3, 3, 4), (4,), (4, 2))]

    @tf.function(input_signature=[tf.TensorSpec((None, *SHAPE), tf.float32, name="image")])
    def features(self, image):
        x = tf.nn.conv2d(image, self.layers[0], 1, "SAME") + self.layers[1]
        return {"features": tf.reduce_max(tf.nn.leaky_relu(x, 0.1), axis=[1, 2])}

    @tf.function(input_signature=[tf.TensorSpec((None, *SHAPE), tf.float32, name="image")])
    def scores(self, image):
        x = self.features(image)["features"]
        return {"scores": tf.nn.softmax(tf.matmul(x, self.layers[2])),
                "label": tf.argmax(x, -1)}


def module(rng):
    model = Module(rng)
    x = rng.normal(0, 1, (2, *SHAPE)).astype(np.float32)
    tf.saved_model.save(model, fresh("module"), signatures={
        "serving_default": model.scores.get_concrete_function(),
        "features": model.features.get_concrete_function()})
    trim("module")
    write_pair("module", x, model.scores(x)["scores"])
    np.save(DATA / "tf_module.y1.npy", model.features(x)["features"].numpy())


def slim(rng, variable):
    """A network as TensorFlow 1 and slim leave it: batch normalization by a learning phase, RELU6 as
    a minimum, a dilated convolution between SPACE_TO_BATCH and BATCH_TO_SPACE, a 1x1 convolution
    that is squeezed."""
    x = v1.placeholder(tf.float32, (None, *SHAPE), "input")
    phase = v1.placeholder_with_default(False, (), "keras_learning_phase")

    def weights(name, *shape):
        return variable(name, rng.normal(0, 0.4, shape).astype(np.float32))

    def norm(x, name):
        c = x.shape[-1]
        gamma, beta, mean = (weights(f"{name}/{k}", c) for k in ("gamma", "beta", "mean"))
        variance = variable(f"{name}/variance", rng.uniform(0.5, 2, c).astype(np.float32))
        training = lambda: v1.nn.fused_batch_norm(x, gamma, beta)[0]
        inference = lambda: v1.nn.fused_batch_norm(x, gamma, beta, mean, variance,
                                                   is_training=False)[0]
        return v1.cond(phase, training, inference)

    y = tf.nn.conv2d(x, weights("conv/w", 3, 3, 3, 4), 2, "SAME", name="conv")
    y = tf.minimum(tf.nn.relu(norm(y, "bn")), 6.0, name="relu6")
    y = tf.nn.space_to_batch(y, [2, 2], [[2, 2], [2, 2]])
    y = tf.nn.conv2d(y, weights("dilated/w", 3, 3, 4, 4), 1, "VALID")
    y = tf.batch_to_space(y, [2, 2], [[0, 0], [0, 0]], name="dilated")
    y = tf.nn.relu(tf.nn.bias_add(y, weights("dilated/b", 4)))
    y = tf.pad(y, [[0, 0], [1, 1], [1, 1], [0, 0]])
    y = tf.nn.depthwise_conv2d(y, weights("dw/w", 3, 3, 4, 2), [1, 2, 2, 1], "VALID")
    y = tf.reduce_mean(y, [1, 2], keepdims=True)
    y = tf.nn.bias_add(tf.nn.conv2d(y, weights("logits/w", 1, 1, 8, 5), 1, "SAME"),
                       weights("logits/b", 5))
    y = tf.squeeze(y, [1, 2], name="logits")
    y = tf.reshape(y, tf.stack([tf.shape(y)[0], 5]))
    return x, tf.nn.softmax(y, name="predictions")


def tf1_models(rng):
    v1.disable_control_flow_v2()
    v1.disable_resource_variables()
    for name in ("slim", "tf1_saved"):
        with tf.Graph().as_default(), v1.Session() as session:
            constant = lambda label, value: tf.constant(value, name=label)
            held = lambda label, value: v1.get_variable(label, initializer=value)
            x, y = slim(rng, constant if name == "slim" else held)
            session.run(v1.global_variables_initializer())
            inputs = rng.normal(0, 1, (2, *SHAPE)).astype(np.float32)
            write_pair(name, inputs, session.run(y, {x: inputs}))
            if name == "slim":
                graph = session.graph.as_graph_def()
                (DATA / "tf_slim.pb").write_bytes(graph.SerializeToString(deterministic=True))
            else:
                v1.saved_model.simple_save(session, fresh(name), {"x": x}, {"y": y})
    v1.enable_resource_variables()
    v1.enable_control_flow_v2()


def fake_quant(rng):
    """Simulated quantization as contrib.quantize writes it: batch normalization is folded into the
    weights before they are quantized. The expected values are those without; the ranges, as
    TensorFlow moves them, are in tf_fake_quant.r0.npy: lowest and highest of the input, of the four
    channels of the first weights, of its activation, of the matrix."""
    ranges = []

    def vars_(x, low, high, **keywords):
        spread = tf.constant([-1e9, 1e9])
        ranges.append(tf.quantization.fake_quant_with_min_max_vars(spread, low, high, **keywords))
        return tf.quantization.fake_quant_with_min_max_vars(x, low, high, **keywords)

    def channels(x, low, high):
        spread = tf.constant(np.array([[-1e9] * 4, [1e9] * 4], np.float32))
        q = tf.quantization.fake_quant_with_min_max_vars_per_channel
        ranges.append(q(spread, low, high, narrow_range=True))
        return q(x, low, high, narrow_range=True)

    kernel = rng.normal(0, 0.5, (3, 3, 3, 4)).astype(np.float32)
    gamma, beta, mean = (rng.normal(0, 1, 4).astype(np.float32) for _ in range(3))
    variance = rng.uniform(0.5, 2, 4).astype(np.float32)
    matrix = rng.normal(0, 0.5, (4, 3)).astype(np.float32)

    def network(x, quantized):
        x = vars_(x, -1.1, 0.97) if quantized else x
        factor = tf.multiply(tf.constant(gamma), tf.math.rsqrt(tf.constant(variance) + 1e-3))
        w = tf.multiply(tf.constant(kernel), factor, name="mul_fold")
        b = tf.constant(beta) - tf.constant(mean) * factor
        w = channels(w, [-1.0, -0.5, -0.2, -0.7], [0.9, 0.8, 0.3, 0.7]) if quantized else w
        x = tf.nn.relu6(tf.nn.conv2d(x, w, 1, "SAME") + b)
        x = vars_(x, 0.0, 5.9) if quantized else x
        m = tf.constant(matrix)
        m = vars_(m, -1.0, 1.2, narrow_range=True) if quantized else m
        return tf.nn.softmax(tf.matmul(tf.reduce_mean(x, [1, 2]), m), name="scores")

    inputs = rng.uniform(-1, 1, (2, *SHAPE)).astype(np.float32)
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, (None, *SHAPE), "input")
        end = network(x, True)
        # Only what the output needs.
        graph = v1.graph_util.extract_sub_graph(session.graph.as_graph_def(), [end.op.name])
        (DATA / "tf_fake_quant.pb").write_bytes(graph.SerializeToString(deterministic=True))
        found = [np.asarray(r) for r in session.run(ranges)]
    write_pair("fake_quant", inputs, network(tf.constant(inputs), False))
    pairs = np.concatenate([r.reshape(2, -1) for r in found], axis=1)
    np.save(DATA / "tf_fake_quant.r0.npy", pairs.astype(np.float32))


def main():
    rng = np.random.default_rng(20)
    keras_models(rng, (classifier, tokens))
    module(rng)
    tf1_models(rng)
    fake_quant(rng)
    keras_models(rng, (vision,))


if __name__ == "__main__":
    main()
