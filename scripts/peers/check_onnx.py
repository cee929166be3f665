#!/usr/bin/env python3
"""Exports torchvision's classifiers with torch.onnx, imports them with qbench, and compares.

    python3 check_onnx.py QBENCH FOLDER [NAME...]

needs torch, torchvision, onnx, onnxscript, onnxruntime and ai-edge-litert; nothing of qbench needs
them. Each network has random weights, of which none are as initialized where those are zeros or nearly, and
is saved in FOLDER by both exporters (NAME.script.onnx, NAME.dynamo.onnx). QBENCH (the program)
makes a float .tflite of each, which LiteRT runs on four random inputs. Printed are the largest difference
of probabilities from ONNX Runtime, that of logits as a part of the largest of them, and the operators
of the file. Exit status 1 where one is above 1e-5 or 1e-4.
"""

import pathlib
import sys
import warnings

import numpy as np
import onnx_compare as peers
import torch
import torchvision
from qbench_import import import_model

warnings.filterwarnings("ignore")
# The older exporter has no symbol for torch's fused attention.
torch.backends.mha.set_fastpath_enabled(False)

NETWORKS = ("resnet18", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "shufflenet_v2_x1_0",
            "squeezenet1_1", "resnet50", "mobilenet_v3_large", "squeezenet1_0", "vgg11_bn", "densenet121",
            "googlenet", "inception_v3", "mnasnet1_0", "regnet_y_400mf", "resnext50_32x4d",
            "convnext_tiny", "alexnet", "efficientnet_v2_s", "vit_b_16", "swin_t", "swin_v2_t")
SIZES = {"inception_v3": 299}
CLASSES = 100


def network(name):
    torch.manual_seed(7)
    extra = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    model = getattr(torchvision.models, name)(weights=None, num_classes=CLASSES, **extra).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.6, 1.4)
            torch.nn.init.normal_(module.bias, 0, 0.1)
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.6, 1.4)
    for name, parameter in model.named_parameters():
        if name.endswith("layer_scale"):  # so small at first that its blocks would hardly count
            torch.nn.init.uniform_(parameter, 0.2, 0.6)
        elif not parameter.any():
            torch.nn.init.normal_(parameter, 0, 0.05)
    return model


def export(model, x, path, dynamo):
    """With an open batch; operator set 17 of the older exporter, 18 of the newer."""
    if dynamo:
        batch = torch.export.Dim("batch", min=1, max=64)
        torch.onnx.export(model, (torch.cat([x, x]),), str(path), dynamo=True, external_data=False,
                          dynamic_shapes=({0: batch},), input_names=["image"], output_names=["logits"])
    else:
        torch.onnx.export(model, x, str(path), dynamo=False, opset_version=17, input_names=["image"],
                          output_names=["logits"],
                          dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}})


def write_sidecar(model, size):
    """What qbench asks for beside a model; the numbers do not matter here."""
    labels = ", ".join(f'"class {i}"' for i in range(CLASSES))
    pathlib.Path(f"{model}.toml").write_text(
        f"labels = [{labels}]\n[input]\nwidth = {size}\nheight = {size}\nchannels = \"RGB\"\n"
        "resize = \"pil-bilinear\"\nmean = [127.5, 127.5, 127.5]\nstd = [127.5, 127.5, 127.5]\n")


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def compare(onnx_file, tflite, x):
    """Differences of probabilities and of logits, and what operators there are."""
    interpreter = peers.interpreter_of(tflite)
    probabilities = logits = 0.0
    for found, wanted in peers.pairs(peers.session_of(onnx_file), interpreter, x):
        if found.shape != wanted.shape:
            return float("inf"), float("inf"), {}
        logits = max(logits, float(np.abs(found - wanted).max() / np.abs(wanted).max()))
        probabilities = max(probabilities, float(np.abs(softmax(found) - softmax(wanted)).max()))
    return probabilities, logits, peers.operators(interpreter)


def check(qbench, folder, name):
    size = SIZES.get(name, 224)
    model = network(name)
    x = np.random.default_rng(7).normal(0, 1, (4, 3, size, size)).astype("float32")
    exact = True
    for exporter in ("script", "dynamo"):
        file = folder / f"{name}.{exporter}.onnx"
        try:
            with torch.no_grad():
                export(model, torch.from_numpy(x[:1]), file, exporter == "dynamo")
        except Exception as error:  # an exporter's refusal is not qbench's
            print(f"{file.name}: not exported: {str(error).splitlines()[0]}", flush=True)
            continue
        tflite = folder / f"{name}.{exporter}.tflite"
        write_sidecar(file, size)
        refused = import_model(qbench, file, tflite)
        if refused:
            print(f"{file.name}: {refused}", flush=True)
            exact = False
            continue
        probabilities, logits, ops = compare(file, tflite, x)
        exact = exact and probabilities <= 1e-5 and logits <= 1e-4
        counts = ", ".join(f"{count} {op}" for op, count in sorted(ops.items()))
        print(f"{file.name}: probabilities {probabilities:.1e}, logits {logits:.1e}; "
              f"{sum(ops.values())} operators: {counts}", flush=True)
    return exact


def main():
    qbench, folder, names = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    folder.mkdir(parents=True, exist_ok=True)
    results = [check(qbench, folder, name) for name in names or NETWORKS]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
