#!/usr/bin/env python3
"""Makes the models of the TensorFlow Model Optimization Toolkit in data/ that
trained_models_test.cc imports.

    python3 make_trained_models.py

needs TensorFlow 2.15 and tensorflow-model-optimization 0.8.0. Each is saved as data/<name>.h5 with
its wrappers, beside <name>.x0.npy (seeded inputs) and <name>.y0.npy:
  qat        quantization-aware training; .y0 is what the same weights give without quantization,
             and qat.converter.tflite what TensorFlow's converter makes of it
  pruned     PruneLowMagnitude, half of the weights; .y0 is the wrapped model's answer
  clustered  ClusterWeights, 8 clusters; the same
data/ is committed, so the build needs none of this.
"""

import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot

DATA = pathlib.Path(__file__).parent / "data"
SHAPE = (8, 8, 3)
CLASSES = 3
L = tf.keras.layers


def network():
    i = L.Input(SHAPE, name="image")
    x = L.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="conv")(i)
    x = L.BatchNormalization(name="bn")(x)
    skip = L.ReLU(6.0, name="relu6")(x)
    x = L.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(skip)
    x = L.BatchNormalization(name="bn_depthwise")(x)
    x = L.ReLU(name="relu")(x)
    x = L.Conv2D(4, 1, name="point")(x)
    x = L.Add(name="add")([skip, x])
    x = L.MaxPooling2D(name="max")(x)
    x = L.GlobalAveragePooling2D(name="pool")(x)
    return tf.keras.Model(i, L.Dense(CLASSES, activation="softmax", name="classes")(x))


def samples(count, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, CLASSES, count)
    x = rng.normal(0, 0.5, (count,) + SHAPE) + (y - 1).reshape(-1, 1, 1, 1) * 0.3
    return np.clip(x, -1, 1).astype(np.float32), y


def train(model, callbacks=()):
    model.compile(tf.keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(*samples(256, 1), batch_size=32, epochs=3, verbose=0, callbacks=list(callbacks))


def save(name, model, answers):
    x, _ = samples(4, 2)
    model.save(DATA / f"{name}.h5", include_optimizer=False)
    np.save(DATA / f"{name}.x0.npy", x)
    np.save(DATA / f"{name}.y0.npy", answers(x).astype(np.float32))


def trained_network():
    tf.keras.utils.set_random_seed(7)
    tf.keras.backend.clear_session()
    model = network()
    train(model)
    return model


def qat():
    model = tfmot.quantization.keras.quantize_model(trained_network())
    train(model)
    plain = network()
    weights = {w.name: w for layer in model.layers if hasattr(layer, "layer")
               for w in layer.layer.weights + layer.weights}
    for layer in plain.layers:
        layer.set_weights([weights[w.name].numpy() for w in layer.weights])
    save("qat", model, lambda x: plain.predict(x, verbose=0))
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    (DATA / "qat.converter.tflite").write_bytes(converter.convert())


def pruned():
    schedule = tfmot.sparsity.keras.ConstantSparsity(0.5, begin_step=0, frequency=1)
    model = tfmot.sparsity.keras.prune_low_magnitude(trained_network(), pruning_schedule=schedule)
    train(model, [tfmot.sparsity.keras.UpdatePruningStep()])
    save("pruned", model, lambda x: model.predict(x, verbose=0))


def clustered():
    model = tfmot.clustering.keras.cluster_weights(
        trained_network(), number_of_clusters=8,
        cluster_centroids_init=tfmot.clustering.keras.CentroidInitialization.LINEAR)
    train(model)
    save("clustered", model, lambda x: model.predict(x, verbose=0))


if __name__ == "__main__":
    for make in (qat, pruned, clustered):
        make()
