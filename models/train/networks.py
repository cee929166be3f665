"""The two shipped networks, untrained, with the preprocessing their sidecars state."""

import dataclasses
import typing

import tf_keras
from tf_keras import layers


@dataclasses.dataclass(frozen=True)
class Network:
    """An architecture and its training recipe. The network sees (pixel - mean) / std."""

    name: str
    size: int
    mean: float
    std: float
    build: typing.Callable[[], tf_keras.Model]
    epochs: int
    learning_rate: float
    weight_decay: float


def build_intel_cnn():
    return tf_keras.Sequential(
        [
            layers.Input((100, 100, 3)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.1),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.2),
            layers.Conv2D(128, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(6, activation="softmax"),
        ],
        name="intel_cnn",
    )


def build_mobilenetv2():
    base = tf_keras.applications.MobileNetV2(
        input_shape=(96, 96, 3), alpha=0.35, include_top=False, weights=None
    )
    for layer in base.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.99  # the default, 0.999, is for ImageNet's number of steps
    x = layers.GlobalAveragePooling2D()(base.output)
    x = layers.Dropout(0.2)(x)
    output = layers.Dense(6, activation="softmax", name="predictions")(x)
    return tf_keras.Model(base.input, output, name="mobilenetv2_035_96")


NETWORKS = {
    network.name: network
    for network in [
        Network("intel-cnn", 100, 0.0, 255.0, build_intel_cnn, 50, 1e-3, 0.02),
        Network("mobilenetv2-035-96", 96, 127.5, 127.5, build_mobilenetv2, 110, 4e-3, 0.03),
    ]
}
