#!/usr/bin/env python3
"""Random small ONNX models: what qbench makes of them against what ONNX Runtime answers.

    python3 random_onnx.py QBENCH FOLDER FIRST_SEED COUNT [WAY...]

needs torch, onnx, onnxscript, onnxruntime and ai-edge-litert. Model i is made from seed FIRST_SEED + i alone,
in one of the ways, in turn: nodes (a graph of random nodes), script and dynamo (a random torch module, by
either of torch's exporters); all three are the default. Each is saved in FOLDER, imported by QBENCH and run by
LiteRT on two random inputs. A model whose difference is above 1e-5 (of the value where that is above 1), or
that is refused, is printed with its seed and operators and stays in FOLDER. Exit status 1 where there is one.
"""

import pathlib
import sys
import warnings

import numpy as np
import onnx_compare as compare
import random_onnx_nodes
import random_onnx_torch
from qbench_import import import_model

warnings.filterwarnings("ignore")
WAYS = {"nodes": random_onnx_nodes.make, "script": random_onnx_torch.make_script, "dynamo": random_onnx_torch.make_dynamo}


def check(qbench, folder, seed, way):
    """0: good; 1: bad, and printed; None: not made, or its numbers are not finite."""
    file = folder / f"random{seed}.{way}.onnx"
    random = np.random.default_rng(seed)
    try:
        made, shape = WAYS[way](random, file)
        session = compare.session_of(file, optimized=False)
        x = random.normal(0, 1.2, (2, *shape)).astype("float32")
        name = session.get_inputs()[0].name
        expected = [y for sample in x for y in session.run(None, {name: sample[None]})]
    except Exception as error:  # whatever makes models has errors of its own
        print(f"seed {seed}: not made: {str(error).strip().splitlines()[0][:150]}", flush=True)
        return None
    if not all(np.isfinite(y).all() for y in expected):
        file.unlink()
        return None
    tflite = folder / f"random{seed}.tflite"
    refused = import_model(qbench, file, tflite)
    try:
        found = None if refused else compare.difference(session, compare.interpreter_of(tflite), x)
    except (RuntimeError, ValueError) as error:  # LiteRT refuses what qbench has made
        refused = f"LiteRT: {str(error).strip().splitlines()[0]}"
    if refused is None and found <= 1e-5:
        file.unlink()
        tflite.unlink()
        return 0
    print(f"seed {seed} ({file.name}): {refused or f'{found:.2e}'}: {' '.join(made)}", flush=True)
    return 1


def main():
    qbench, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    first, count = int(sys.argv[3]), int(sys.argv[4])
    ways = sys.argv[5:] or list(WAYS)
    folder.mkdir(parents=True, exist_ok=True)
    results = [check(qbench, folder, seed, ways[seed % len(ways)])
               for seed in range(first, first + count)]
    bad = sum(result == 1 for result in results)
    made = sum(result is not None for result in results)
    print(f"seeds {first} to {first + count - 1}: {made} models, {bad} differ or are refused")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
