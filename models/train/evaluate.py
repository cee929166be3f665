"""Prints top-1 of a model on the test splits, with PIL's preprocessing and Keras's arithmetic.

    python evaluate.py ../intel-cnn.h5 --scenes ../../datasets/scenes --intel INTEL
"""

import argparse
import pathlib

import numpy as np
import tf_keras

from image_folders import LABELS, list_images, load_images
from networks import NETWORKS


def evaluate(model, network, folder):
    pixels, labels = load_images(list_images(folder), network.size)
    inputs = (pixels.astype(np.float32) - network.mean) / network.std
    predicted = model.predict(inputs, batch_size=64, verbose=0).argmax(axis=1)
    confusion = np.zeros((len(LABELS), len(LABELS)), int)
    np.add.at(confusion, (labels, predicted), 1)
    right = int(confusion.trace())
    print(f"{folder}: top-1 {100 * right / len(labels):.2f} % ({right} of {len(labels)})")
    print("rows are the labels, columns the predictions:", ", ".join(LABELS))
    print(confusion)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=pathlib.Path, help="a .h5 named after its network")
    parser.add_argument("--scenes", help="folder with test/<class>/*.jpg")
    parser.add_argument("--intel", help="folder with seg_test/seg_test/<class>/*.jpg")
    args = parser.parse_args()
    network = NETWORKS[args.model.stem]
    model = tf_keras.models.load_model(args.model, compile=False)
    print(f"{args.model.name}: {model.count_params()} parameters")
    if args.scenes:
        evaluate(model, network, pathlib.Path(args.scenes) / "test")
    if args.intel:
        evaluate(model, network, pathlib.Path(args.intel) / "seg_test" / "seg_test")


if __name__ == "__main__":
    main()
