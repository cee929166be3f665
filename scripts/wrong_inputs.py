#!/usr/bin/env python3
"""How many wrong sidecars does `qbench run` notice, and does it accuse right ones?

    scripts/wrong_inputs.py --qbench build/dev/bin/qbench [--intel FOLDER] [--split test]
        [--sizes 60,120,300] [--seeds 3] [--models intel-cnn,mobilenetv2-035-96] [--out FILE]

Both shipped models are run on random subsets of images under the usual mistakes and as they should
be, each by a run of its own with its own sidecar. A mistake is *harmful* where the run has fewer
images right than the right set-up has, beyond chance (one-sided exact McNemar test, p < 0.01). It is
*noticed* where the run's warnings say "Wrong input?". Right set-ups, quantized ones too, must never
be accused. Exit status 1: fewer than 95 % of the harmful ones were noticed, or a right one was
accused.

Needs Python 3 alone. FOLDER holds seg_train/seg_train and seg_test/seg_test as Kaggle delivers them.
"""
import argparse
import collections
import json
import math
import os
import pathlib
import random
import sqlite3
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LABELS = ["buildings", "forest", "glacier", "mountain", "sea", "street"]
IMAGENET = ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
RIGHT = {"intel-cnn": (0.0, 255.0), "mobilenetv2-035-96": (127.5, 127.5)}
SIDES = {"intel-cnn": 100, "mobilenetv2-035-96": 96}
QUANTIZERS = ["float,fp16,dynamic,int8", "int8", "uint8"]  # of the right set-ups, a run each


def mistakes(model):
    """Name and changed keys of each; mean and std are a number or a list."""
    mean, std = RIGHT[model]
    scalings = {"0 to 1": (0.0, 255.0), "-1 to 1": (127.5, 127.5), "raw pixels": (0.0, 1.0),
                "std 255 for 127.5": (127.5, 255.0), "0 to 2": (0.0, 127.5),
                "pixels - 127.5": (127.5, 1.0), "ImageNet": IMAGENET}
    for name, scaling in scalings.items():
        if scaling != (mean, std):
            yield name, {"mean": scaling[0], "std": scaling[1]}
    yield "BGR for RGB", {"channels": "BGR"}
    yield "Caffe (BGR - mean)", {"channels": "BGR", "mean": [103.939, 116.779, 123.68], "std": 1.0}
    yield "labels reversed", {"labels": LABELS[::-1]}
    yield "labels shifted", {"labels": LABELS[1:] + LABELS[:1]}
    for a, b in ((2, 3), (0, 5)):
        swapped = list(LABELS)
        swapped[a], swapped[b] = swapped[b], swapped[a]
        yield f"{LABELS[a]} and {LABELS[b]} swapped", {"labels": swapped}
    yield "resize nearest", {"resize": "nearest"}
    yield "resize tf-bilinear", {"resize": "tf-bilinear"}


def write_model(folder, model, changes):
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{model}.h5"
    if not file.exists():
        file.symlink_to(ROOT / "models" / f"{model}.h5")
    keys = {"mean": RIGHT[model][0], "std": RIGHT[model][1], "channels": "RGB",
            "resize": "pil-bilinear", "labels": LABELS} | changes
    three = {k: v if isinstance(v, list) else [v] * 3 for k, v in keys.items()
             if k in ("mean", "std")}
    (folder / f"{model}.h5.toml").write_text(
        f"labels = {json.dumps(keys['labels'])}\n[input]\nwidth = {SIDES[model]}\n"
        f"height = {SIDES[model]}\nchannels = \"{keys['channels']}\"\n"
        f"resize = \"{keys['resize']}\"\nmean = {three['mean']}\nstd = {three['std']}\n")
    return file


def images_of(folder):
    return {label: sorted((folder / label).iterdir()) for label in LABELS}


def write_dataset(folder, tested, trained, size, calibration, rng):
    """`size` images to test on and `calibration` others, of each class as many, as links."""
    for split, source, count in (("test", tested, size), ("calibration", trained, calibration)):
        for label in LABELS:
            place = folder / split / label
            place.mkdir(parents=True)
            taken = set(os.listdir(folder / "test" / label)) if split == "calibration" else set()
            files = [f for f in source[label] if f.name not in taken]
            for file in rng.sample(files, min(len(files), count // len(LABELS))):
                (place / file.name).symlink_to(file)


def run(qbench, work, file, dataset, plugins):
    """The run's warnings about wrong inputs, and the predictions of its first cell."""
    database = work / "runs.sqlite"
    command = [qbench, "run", str(file), "--dataset", str(dataset), "--plugins", plugins + ",litert",
               "--repetitions", "1", "--min-time", "0", "--min-samples", "1", "--warmup-time", "0",
               "--db", str(database), "--cache", str(work / "cache"),
               "--report", str(work / "report.html"), "--json", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    answer = json.loads(done.stdout)["runs"][0]
    with sqlite3.connect(database) as store:
        split, blob = store.execute(
            "SELECT split_id, predictions FROM cells JOIN measurements ON cell_id = cells.id "
            "WHERE run_id = ? AND measurements.kind = 'accuracy' ORDER BY cells.id LIMIT 1",
            (answer["id"],)).fetchone()
        labels = [row[0] for row in store.execute(
            "SELECT label FROM images WHERE split_id = ? ORDER BY position", (split,))]
    predictions = struct.unpack(f"<{len(labels)}i", blob)
    warnings = [w for w in answer["warnings"] if w.startswith("Wrong input?")]
    return warnings, [p == label for p, label in zip(predictions, labels)]


def mcnemar(lost, gained):
    changed = lost + gained
    return sum(math.comb(changed, k) for k in range(gained + 1)) / 2**changed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qbench", required=True)
    parser.add_argument("--intel")
    parser.add_argument("--split", choices=("train", "test"), default="test")
    parser.add_argument("--sizes", default="60,120,300")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--models", default=",".join(RIGHT))
    parser.add_argument("--out", help="a line of JSON for each run")
    options = parser.parse_args()
    scenes = ROOT / "datasets/scenes"
    sets = {"scenes": (images_of(scenes / options.split), images_of(scenes / "train"))}
    if options.intel:
        intel = pathlib.Path(options.intel).resolve()
        tested = f"seg_{options.split}"
        sets["intel"] = (images_of(intel / tested / tested), images_of(intel / "seg_train/seg_train"))
    rows = collections.defaultdict(lambda: [0, 0, 0, 0])  # runs, harmful, noticed, harmless noticed
    accused = []
    right_runs = 0
    out = open(options.out, "a") if options.out else None
    with tempfile.TemporaryDirectory(prefix="qbench-wrong-") as name:
        work = pathlib.Path(name)
        for model in options.models.split(","):
            for data in sets:
                for size in map(int, options.sizes.split(",")):
                    for seed in range(options.first_seed, options.first_seed + options.seeds):
                        dataset = work / f"{data}-{size}-{seed}"
                        if not dataset.exists():
                            write_dataset(dataset, *sets[data], size, 240,
                                          random.Random(f"{data} {size} {seed}"))
                        file = write_model(work / "right", model, {})
                        for quantizers in QUANTIZERS:
                            warnings, verdicts = run(options.qbench, work, file, dataset, quantizers)
                            right_runs += 1
                            accused += [f"{model} {dataset.name} {quantizers}: {w}" for w in warnings]
                            if quantizers.startswith("float"):
                                right = verdicts
                        for number, (mistake, changes) in enumerate(mistakes(model)):
                            file = write_model(work / f"wrong-{number}", model, changes)
                            warnings, wrong = run(options.qbench, work, file, dataset, "float")
                            lost = sum(a and not b for a, b in zip(right, wrong))
                            gained = sum(b and not a for a, b in zip(right, wrong))
                            harmful = lost > gained and mcnemar(lost, gained) < 0.01
                            row = rows[(model, mistake)]
                            row[0] += 1
                            row[1] += harmful
                            row[2] += harmful and bool(warnings)
                            row[3] += not harmful and bool(warnings)
                            if out:
                                json.dump({"model": model, "data": dataset.name, "size": size,
                                           "mistake": mistake, "right": sum(right), "wrong":
                                           sum(wrong), "harmful": harmful, "warnings": warnings}, out)
                                out.write("\n")
                                out.flush()
    print(f"{'model':20} {'mistake':30} {'runs':>5} {'harmful':>8} {'noticed':>8} "
          f"{'harmless, noticed':>18}")
    for (model, mistake), row in rows.items():
        print(f"{model:20} {mistake:30} {row[0]:5} {row[1]:8} {row[2]:8} {row[3]:18}")
    harmful = sum(row[1] for row in rows.values())
    noticed = sum(row[2] for row in rows.values())
    share = noticed / harmful if harmful else 1
    print(f"\nnoticed {noticed} of {harmful} harmful ones, {100 * share:.1f} %; "
          f"accused {len(accused)} times in {right_runs} runs of right set-ups")
    print("\n".join(accused))
    return 0 if share >= 0.95 and not accused else 1


if __name__ == "__main__":
    sys.exit(main())
