"""Trains a shipped network from scratch on scenes and the real Intel training images.

    python train.py --network intel-cnn --scenes ../../datasets/scenes --intel INTEL --out ../intel-cnn.h5

INTEL is the folder that holds seg_train/seg_train/<class>/*.jpg. Without --intel, scenes alone is
used. The schedule is fixed: no image of a test or calibration split is read, and nothing is chosen
by a score.
"""

import argparse
import pathlib
import time

import numpy as np
import tensorflow as tf
import tf_keras

from image_folders import LABELS, is_calibration, list_images, load_images
from networks import NETWORKS

# Images are kept this much larger than the network's input, so that a random crop of them is
# sampled at about one source pixel a pixel and needs no antialiasing.
STORED_TO_INPUT = 1.16


def load_training_images(scenes, intel, size):
    images = list_images(pathlib.Path(scenes) / "train")
    counts = [len(images)]
    if intel:
        real = pathlib.Path(intel) / "seg_train" / "seg_train"
        images += list_images(real, keep=lambda path: not is_calibration(path))
        counts.append(len(images) - counts[0])
    print("training images:", " + ".join(map(str, counts)), flush=True)
    return load_images(images, size)


def crop_transforms(count, stored, size):
    """Random flip, zoom, shift, aspect and small rotation as [count, 8] projective transforms.

    A transform maps output to input coordinates: x_in = a x + b y + c (ImageProjectiveTransformV3).
    """
    uniform = tf.random.uniform
    side = stored * uniform([count], 0.72, 1.02)  # side of the window in the stored image
    aspect = tf.exp(uniform([count], -0.12, 0.12))
    flip = tf.where(uniform([count]) < 0.5, -1.0, 1.0)
    angle = uniform([count], -0.14, 0.14)
    scale_x = side * aspect / size * flip
    scale_y = side / aspect / size
    slack = tf.maximum(stored - side, 0.03 * stored) / 2
    centre_x = stored / 2 + slack * uniform([count], -1.0, 1.0)
    centre_y = stored / 2 + slack * uniform([count], -1.0, 1.0)
    a, b = scale_x * tf.cos(angle), -scale_y * tf.sin(angle)
    d, e = scale_x * tf.sin(angle), scale_y * tf.cos(angle)
    half = size / 2
    zero = tf.zeros([count])
    columns = [a, b, centre_x - (a + b) * half, d, e, centre_y - (d + e) * half, zero, zero]
    return tf.stack(columns, axis=1)


def jitter_colours(pixels):
    """Random brightness, contrast, saturation and tint of a float batch in 0..255."""
    count = tf.shape(pixels)[0]
    shape = [count, 1, 1, 1]
    grey = tf.reduce_mean(pixels, axis=3, keepdims=True)
    pixels = grey + (pixels - grey) * tf.random.uniform(shape, 0.5, 1.4)
    mean = tf.reduce_mean(pixels, axis=[1, 2, 3], keepdims=True)
    pixels = mean + (pixels - mean) * tf.random.uniform(shape, 0.7, 1.3)
    pixels *= tf.random.uniform(shape, 0.75, 1.25)
    pixels *= tf.random.uniform([count, 1, 1, 3], 0.92, 1.08)
    return tf.clip_by_value(pixels, 0.0, 255.0)


def mix_pairs(pixels, labels, strength):
    """Mixup (Zhang et al. 2018, section 2) with weights from Beta(strength, strength)."""
    count = tf.shape(pixels)[0]
    first = tf.random.gamma([count], strength)
    weight = first / (first + tf.random.gamma([count], strength) + 1e-12)
    weight = tf.maximum(weight, 1.0 - weight)
    partner = tf.random.shuffle(tf.range(count))
    on_pixels = weight[:, None, None, None]
    on_labels = weight[:, None]
    pixels = on_pixels * pixels + (1.0 - on_pixels) * tf.gather(pixels, partner)
    labels = on_labels * labels + (1.0 - on_labels) * tf.gather(labels, partner)
    return pixels, labels


def augmented_batches(pixels, labels, network, batch, mixup, seed):
    stored = pixels.shape[1]

    def augment(x, y):
        count = tf.shape(x)[0]
        x = tf.raw_ops.ImageProjectiveTransformV3(
            images=tf.cast(x, tf.float32),
            transforms=crop_transforms(count, float(stored), network.size),
            output_shape=[network.size, network.size],
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode="REFLECT",
        )
        x = jitter_colours(x)
        y = tf.one_hot(y, len(LABELS))
        x, y = mix_pairs(x, y, mixup)
        return (x - network.mean) / network.std, y

    order = tf.data.Dataset.range(len(labels)).shuffle(len(labels), seed=seed)
    order = order.batch(batch, drop_remainder=True)
    images, classes = tf.constant(pixels), tf.constant(labels)
    batches = order.map(lambda i: (tf.gather(images, i), tf.gather(classes, i)))
    return batches.map(augment, num_parallel_calls=1).prefetch(4)


def train(network, pixels, labels, args):
    epochs = args.epochs or network.epochs
    steps = len(labels) // args.batch
    model = network.build()
    schedule = tf_keras.optimizers.schedules.CosineDecay(
        0.0, (epochs - 4) * steps, warmup_target=network.learning_rate, warmup_steps=4 * steps
    )
    optimizer = tf_keras.optimizers.AdamW(schedule, weight_decay=network.weight_decay, clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    loss = tf_keras.losses.CategoricalCrossentropy(label_smoothing=args.label_smoothing)
    model.compile(optimizer, loss, metrics=["accuracy"])
    batches = augmented_batches(pixels, labels, network, args.batch, args.mixup, args.seed)
    model.fit(batches, epochs=epochs, verbose=2)
    return model


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", choices=sorted(NETWORKS), required=True)
    parser.add_argument("--scenes", required=True, help="folder with train/<class>/*.jpg")
    parser.add_argument("--intel", help="folder with seg_train/seg_train/<class>/*.jpg")
    parser.add_argument("--out", required=True, help="the .h5 to write")
    parser.add_argument("--epochs", type=int, help="default: the network's own")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--label-smoothing", type=float, default=0.05)
    parser.add_argument("--mixup", type=float, default=0.2, help="Beta parameter of mixup")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="0: all cores")
    return parser.parse_args()


def main():
    args = parse_arguments()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    tf_keras.utils.set_random_seed(args.seed)
    network = NETWORKS[args.network]
    stored = round(network.size * STORED_TO_INPUT)
    pixels, labels = load_training_images(args.scenes, args.intel, stored)
    print("images a class:", np.bincount(labels).tolist(), flush=True)
    start = time.monotonic()
    model = train(network, pixels, labels, args)
    print(f"trained in {time.monotonic() - start:.0f} s", flush=True)
    model.save(args.out, include_optimizer=False)


if __name__ == "__main__":
    main()
