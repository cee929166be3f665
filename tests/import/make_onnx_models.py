#!/usr/bin/env python3
"""Makes tests/import/data/onnx: small models of every family of ONNX operators, with ONNX Runtime's answers.

    python3 make_onnx_models.py [NAME...]

needs onnx and onnxruntime (tried with 1.23 and 1.32); nothing of qbench needs it. Each model has two
samples of random inputs, NAME.x0.npy, …, and its outputs, NAME.y0.npy, …: images are channels last in
those, as qbench has them, whatever they are in the model.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).parent / "data" / "onnx"
MODELS = {}
IMAGE = (4, 7, 6)  # channels, height, width


class Graph:
    """A graph under construction: x is its input, [batch, …]."""

    def __init__(self, seed, shape, opset, dtype=TensorProto.FLOAT):
        self.random = np.random.default_rng(seed)
        self.opset = opset
        self.nodes, self.weights, self.outputs = [], [], []
        self.shape = shape
        self.x = "x"
        self.input = helper.make_tensor_value_info("x", dtype, ["batch", *shape])

    def const(self, values, dtype=np.float32):
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def ints(self, *values):
        return self.const(values, np.int64)

    def rand(self, *shape, low=None, high=1.0):
        if low is None:
            fan = max(1, int(np.prod(shape[1:])))
            return self.const(self.random.normal(0, fan ** -0.5, shape))
        return self.const(self.random.uniform(low, high, shape))

    def node(self, op, *inputs, count=1, **attributes):
        names = [f"t{len(self.nodes)}_{i}" for i in range(count)]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=f"n{len(self.nodes)}",
                                           **attributes))
        return names[0] if count == 1 else names

    def out(self, *names):
        self.outputs += names

    def model(self, shapes=None):
        outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT,
                                                 shapes and ["batch", *shapes[i][1:]])
                   for i, n in enumerate(self.outputs)]
        graph = helper.make_graph(self.nodes, "small", [self.input], outputs, self.weights)
        return helper.make_model(graph, ir_version=min(10, 4 + self.opset // 3),
                                 opset_imports=[helper.make_opsetid("", self.opset)])


def model(shape=IMAGE, opset=17, dtype=TensorProto.FLOAT, name=None):
    """Registers a function that builds a graph."""
    def register(build):
        stem = name or build.__name__
        def make():
            graph = Graph(len(stem), shape, opset, dtype)
            build(graph)
            return graph
        MODELS[stem] = make
        return build
    return register


@model()
def convolutions(g):
    def conv(out, inputs, k=3, bias=True, **a):
        extra = [g.const(g.random.normal(0, 1, out))] if bias else []
        return g.node("Conv", g.x, g.rand(out, inputs, k, k), *extra, **a)
    g.out(conv(5, 4, pads=[1, 1, 1, 1], kernel_shape=[3, 3]))
    g.out(conv(5, 4, pads=[0, 1, 2, 0], strides=[2, 1]))
    g.out(conv(6, 2, group=2, bias=False))
    g.out(conv(8, 1, group=4, pads=[1, 1, 1, 1]))
    g.out(conv(4, 1, group=4, strides=[2, 2], pads=[1, 1, 1, 1]))
    g.out(conv(3, 4, dilations=[2, 2], pads=[2, 2, 2, 2]))
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        g.out(conv(3, 4, auto_pad=mode, strides=[2, 2]))
    y = conv(4, 4, k=1)
    n = [g.rand(4, low=0.5), g.rand(4), g.rand(4), g.rand(4, low=0.5)]
    g.out(g.node("Relu", g.node("BatchNormalization", y, *n, epsilon=1e-3)))
    g.out(g.node("BatchNormalization", g.x, *n))


@model()
def transposed(g):
    def up(k, **a):
        return g.node("ConvTranspose", g.x, g.rand(4, 3, k, k), g.rand(3), **a)
    g.out(up(3, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]))
    g.out(up(2, strides=[2, 2]), up(3), up(4, strides=[2, 2], pads=[1, 1, 1, 1]))
    g.out(g.node("ConvTranspose", g.x, g.rand(4, 2, 3, 3), strides=[3, 3]))


@model(opset=13)
def dense(g):
    flat = g.node("Flatten", g.x)
    size = int(np.prod(IMAGE))
    g.out(g.node("Gemm", flat, g.rand(5, size), g.rand(5), transB=1))
    g.out(g.node("Gemm", flat, g.rand(size, 3), g.rand(1, 3), alpha=0.05, beta=2.0))
    g.out(g.node("Add", g.node("MatMul", flat, g.rand(size, 3)), g.rand(3)))
    rows = g.node("Reshape", g.x, g.ints(0, 4, -1))
    g.out(g.node("MatMul", rows, g.rand(42, 5)))
    g.out(g.node("MatMul", g.node("Transpose", rows, perm=[0, 2, 1]), g.rand(4, 5)))
    g.out(g.node("MatMul", g.x, g.rand(6, 2)))


@model(opset=20)
def activations(g):
    x = g.x
    for op in ("Relu", "HardSwish", "Sigmoid", "Tanh", "Softsign", "Gelu", "Elu", "Selu", "LeakyRelu",
               "HardSigmoid", "Softmax", "Abs"):
        g.out(g.node(op, x))
    g.out(g.node("Gelu", x, approximate="tanh"), g.node("Elu", x, alpha=0.7),
          g.node("LeakyRelu", x, alpha=0.3), g.node("HardSigmoid", x, alpha=1 / 6, beta=0.5),
          g.node("Softmax", x, axis=1), g.node("Softmax", x, axis=2))
    g.out(g.node("PRelu", x, g.rand(4, 1, 1)), g.node("PRelu", x, g.rand(1)))
    zero, six = g.const(0.0), g.const(6.0)
    g.out(g.node("Clip", x, zero, six), g.node("Clip", x, zero), g.node("Clip", x, "", g.const(0.5)),
          g.node("Clip", x, g.const(-0.5), g.const(0.25)), g.node("Clip", x, zero, g.const(1.0)))


@model(opset=9)
def operators9(g):
    x = g.x
    g.out(g.node("Clip", x, min=0.0, max=6.0), g.node("Clip", x, min=-0.5))
    g.out(g.node("Upsample", x, g.const([1, 1, 2, 3]), mode="nearest"))
    g.out(g.node("Slice", x, starts=[1, -5], ends=[3, 100], axes=[1, 3]))
    g.out(g.node("Pad", x, pads=[0, 0, 1, 0, 0, 0, 0, 2]))
    a, b = g.node("Split", x, count=2, axis=1, split=[1, 3])
    g.out(g.node("Relu", a), g.node("Relu", b))
    m = g.node("ReduceMean", x, axes=[2, 3], keepdims=1)
    g.out(g.node("Softmax", g.node("Squeeze", m, axes=[2, 3])), g.node("Softmax", x, axis=1))
    g.out(g.node("Unsqueeze", g.node("ReduceMean", x, axes=[3], keepdims=0), axes=[1]))
    d = g.node("Dropout", x)
    n = [g.rand(4, low=0.5), g.rand(4), g.rand(4), g.rand(4, low=0.5)]
    g.out(g.node("BatchNormalization", d, *n), g.node("MaxPool", x, kernel_shape=[2, 2]))
    # The batch's size, as torch's view(x.size(0), -1) asks for it.
    size = g.node("Gather", g.node("Shape", x), g.const(0, np.int64), axis=0)
    shape = g.node("Concat", g.node("Unsqueeze", size, axes=[0]), g.ints(-1), axis=0)
    g.out(g.node("Reshape", x, shape))


@model(opset=10)
def operators10(g):
    g.out(g.node("Resize", g.x, g.const([1, 1, 2, 2]), mode="nearest"))
    g.out(g.node("Resize", g.x, g.const([1, 1, 2, 2]), mode="linear"))
    g.out(g.node("Slice", g.x, g.ints(1), g.ints(2**62), g.ints(2), g.ints(2)))
    g.out(g.node("AveragePool", g.x, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=0))


@model()
def arithmetic(g):
    x = g.x
    channel = g.rand(4, 1, 1, low=0.5)
    for op in ("Add", "Sub", "Mul", "Div"):
        g.out(g.node(op, x, channel))
        g.out(g.node(op, channel, g.node("Add", g.node("Sigmoid", x), g.const(0.5))))
    s = g.node("Sigmoid", g.node("GlobalAveragePool", x))
    g.out(g.node("Mul", x, s), g.node("Mul", s, x), g.node("Div", x, s))
    g.out(g.node("Max", x, channel, s), g.node("Min", x, s), g.node("Sum", x, s, x))
    g.out(g.node("Add", g.rand(4, 7, 6), x), g.node("Mul", x, g.rand(6)), g.node("Mul", x, g.const(2.5)))
    positive = g.node("Abs", x)
    g.out(g.node("Pow", x, g.const(2.0)), g.node("Pow", x, g.const(3.0)),
          g.node("Pow", positive, g.const(0.5)), g.node("Sqrt", positive), g.node("Neg", x),
          g.node("Reciprocal", s))
    g.out(g.node("Div", x, g.node("Sqrt", g.node("Add", positive, g.const(0.5)))))


@model(opset=19)
def pooling(g):
    x, r = g.x, g.node("Relu", g.x)
    k3 = dict(kernel_shape=[3, 3])
    for t in (x, r):
        g.out(g.node("MaxPool", t, strides=[2, 2], pads=[1, 1, 1, 1], **k3))
        g.out(g.node("MaxPool", t, strides=[2, 2], ceil_mode=1, **k3))
        g.out(g.node("MaxPool", t, pads=[1, 1, 1, 1], **k3))
        g.out(g.node("MaxPool", t, pads=[0, 2, 1, 0], **k3))
    for include in (0, 1):
        for pads in ([0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 2, 0]):
            g.out(g.node("AveragePool", x, strides=[2, 2], pads=pads, count_include_pad=include, **k3))
        g.out(g.node("AveragePool", x, pads=[1, 1, 1, 1], count_include_pad=include, **k3))
    g.out(g.node("GlobalAveragePool", x), g.node("GlobalMaxPool", x))
    g.out(g.node("ReduceMean", x, g.ints(2, 3), keepdims=0), g.node("ReduceMean", x, g.ints(1)))
    g.out(g.node("ReduceMean", x, g.ints(-1, 1), keepdims=0), g.node("ReduceSum", x, g.ints(2)))
    g.out(g.node("ReduceMax", x, g.ints(2, 3)), g.node("ReduceMax", x, g.ints(3, 2), keepdims=0))


@model()
def shuffle(g):
    y = g.node("Reshape", g.node("Relu", g.x), g.ints(-1, 2, 2, 7, 6))
    y = g.node("Transpose", y, perm=[0, 2, 1, 3, 4])
    y = g.node("Reshape", y, g.ints(-1, 4, 7, 6))
    g.out(g.node("Conv", y, g.rand(3, 4, 1, 1)))


@model()
def shapes(g):
    x = g.x
    g.out(g.node("Relu", g.node("Transpose", x, perm=[0, 2, 3, 1])))
    g.out(g.node("Relu", g.node("Transpose", x, perm=[0, 3, 1, 2])))
    g.out(g.node("Reshape", x, g.ints(0, -1)), g.node("Reshape", x, g.ints(0, 2, 14, 6)))
    g.out(g.node("Transpose", g.node("Reshape", x, g.ints(0, 0, -1)), perm=[0, 2, 1]))
    g.out(g.node("Concat", x, g.node("Relu", x), axis=1), g.node("Concat", x, x, axis=-1))
    g.out(g.node("Slice", x, g.ints(1, 0), g.ints(4, 100), g.ints(1, 2), g.ints(2, 3)))
    for part in g.node("Split", x, g.ints(1, 2, 1), count=3, axis=1):
        g.out(g.node("Neg", part))
    a, b = g.node("Split", x, count=2, axis=3)
    g.out(g.node("Add", a, b))
    g.out(g.node("Gather", x, g.const(2, np.int64), axis=1), g.node("Gather", x, g.ints(3, 0, 1), axis=1))
    g.out(g.node("Pad", x, g.ints(0, 0, 1, -1, 0, 1, 2, 3)))
    g.out(g.node("DepthToSpace", x, blocksize=2), g.node("DepthToSpace", x, blocksize=2, mode="CRD"))
    pooled = g.node("GlobalAveragePool", x)
    g.out(g.node("Flatten", pooled), g.node("Squeeze", pooled, g.ints(2, 3)))
    up = g.node("Unsqueeze", g.node("Flatten", pooled), g.ints(2, 3))
    g.out(g.node("Conv", up, g.rand(3, 4, 1, 1)))
    same = g.node("Cast", g.node("Expand", x, g.ints(1, 1, 1, 1)), to=TensorProto.FLOAT)
    g.out(g.node("Neg", same))
    size = g.node("Shape", x)
    half = g.node("Div", g.node("Slice", size, g.ints(1), g.ints(2)), g.ints(2))
    shape = g.node("Concat", g.node("Slice", size, g.ints(0), g.ints(1)), g.ints(2), half,
                   g.node("Slice", size, g.ints(2), g.ints(4)), axis=0)
    g.out(g.node("ReduceMean", g.node("Reshape", x, shape), axes=[1], keepdims=0))


@model()
def flatten(g):
    y = g.node("Relu", g.node("Conv", g.x, g.rand(3, 4, 3, 3)))
    y = g.node("Dropout", g.node("Flatten", y))
    y = g.node("Relu", g.node("Gemm", y, g.rand(8, 60), g.rand(8), transB=1))
    g.out(g.node("Softmax", g.node("Gemm", y, g.rand(5, 8), g.rand(5), transB=1)))


@model(opset=13)
def resize(g):
    x, two = g.x, g.const([1, 1, 2, 2])
    def up(scales, sizes="", **a):
        return g.node("Resize", x, "", scales, *([sizes] if sizes else []), **a)
    g.out(up(two, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"))
    g.out(up(two, mode="nearest", nearest_mode="round_prefer_floor"))
    g.out(up("", g.ints(1, 4, 14, 18), mode="linear"))
    for mode in ("pytorch_half_pixel", "align_corners", "asymmetric"):
        g.out(up(two, mode="linear", coordinate_transformation_mode=mode))


@model(opset=21)
def normalization(g):
    x = g.x
    g.out(g.node("LayerNormalization", x, g.rand(6), g.rand(6)))
    last = g.node("Transpose", x, perm=[0, 2, 3, 1])
    last = g.node("LayerNormalization", last, g.rand(4), g.rand(4), epsilon=1e-6)
    g.out(g.node("Transpose", g.node("MatMul", last, g.rand(4, 5)), perm=[0, 3, 1, 2]))
    g.out(g.node("LayerNormalization", x, g.rand(4, 7, 6), axis=1))
    g.out(g.node("InstanceNormalization", x, g.rand(4), g.rand(4)))
    g.out(g.node("GroupNormalization", x, g.rand(4), g.rand(4), num_groups=2))
    mean = g.node("ReduceMean", x, g.ints(-1))
    centred = g.node("Sub", x, mean)
    variance = g.node("ReduceMean", g.node("Pow", centred, g.const(2.0)), g.ints(-1))
    root = g.node("Sqrt", g.node("Add", variance, g.const(1e-5)))
    g.out(g.node("Add", g.node("Mul", g.node("Div", centred, root), g.rand(6)), g.rand(6)))
    # torch's GroupNorm before operator set 18.
    rows = g.node("Reshape", x, g.ints(0, 2, -1))
    rows = g.node("InstanceNormalization", rows, g.const([1.0, 1.0]), g.const([0.0, 0.0]))
    back = g.node("Reshape", rows, g.node("Shape", x))
    back = g.node("Add", g.node("Mul", back, g.rand(4, 1, 1)), g.rand(4, 1, 1))
    g.out(g.node("Conv", back, g.rand(3, 4, 1, 1)), g.node("Add", back, x))


@model(opset=14)
def gelu(g):
    x, half, one = g.x, g.const(0.5), g.const(1.0)
    def erf(a):
        return g.node("Add", g.node("Erf", a), one)
    root, inverse = g.const(np.sqrt(2.0)), g.const(np.sqrt(0.5))
    g.out(g.node("Mul", g.node("Mul", x, erf(g.node("Div", x, root))), half))
    g.out(g.node("Mul", g.node("Mul", x, half), erf(g.node("Mul", x, inverse))))
    g.out(g.node("Mul", g.node("Mul", erf(g.node("Div", x, root)), half), x))


# As tf2onnx writes them: images come in channels last.
@model(shape=(7, 6, 4))
def channels_last(g):
    y = g.node("Transpose", g.node("Sub", g.x, g.const(0.5)), perm=[0, 3, 1, 2])
    y = g.node("Relu", g.node("Conv", y, g.rand(3, 4, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2]))
    y = g.node("Reshape", g.node("Transpose", y, perm=[0, 2, 3, 1]), g.ints(-1, 36))
    g.out(g.node("Softmax", g.node("Add", g.node("MatMul", y, g.rand(36, 5)), g.rand(5))))


@model(shape=(5,))
def row(g):
    g.out(g.node("Softmax", g.node("Gemm", g.x, g.rand(3, 5), transB=1)), g.node("Mul", g.x, g.rand(5)))


# Weights of other types, and numbers in lists.
@model(opset=15)
def types(g):
    half = g.const(g.random.normal(0, 0.5, (3, 4, 1, 1)), np.float16)
    g.out(g.node("Conv", g.x, g.node("Cast", half, to=TensorProto.FLOAT)))
    double = g.const(g.random.normal(0, 0.5, (4, 1, 1)), np.float64)
    g.out(g.node("Mul", g.x, g.node("Cast", double, to=TensorProto.FLOAT)))
    listed = helper.make_tensor("listed", TensorProto.FLOAT, [2], [0.25, 0.75])
    g.weights.append(listed)
    g.out(g.node("Concat", g.node("Mul", g.x, g.node("Gather", "listed", g.const(1, np.int64))), g.x, axis=1))
    fill = g.node("ConstantOfShape", g.ints(4, 1, 1), value=helper.make_tensor("v", 1, [1], [0.5]))
    made = g.node("Constant", value=numpy_helper.from_array(np.full((4, 1, 1), 2.0, np.float32)))
    g.out(g.node("Add", g.x, g.node("Mul", fill, made)))
    taken = g.node("Reshape", g.node("Transpose", g.rand(4, 3), perm=[1, 0]), g.ints(3, 4, 1, 1))
    g.out(g.node("Conv", g.x, taken))


@model(dtype=TensorProto.UINT8, opset=15)
def bytes_in(g):
    g.out(g.node("Conv", g.node("Cast", g.x, to=TensorProto.FLOAT), g.const(np.full((2, 4, 1, 1), 1 / 512))))


# QuantizeLinear and DequantizeLinear as ONNX Runtime's quantizer writes them; qbench's float model does
# not round, and is held against the same network without them.
@model(opset=13)
def quantized(g):
    build_quantized(g, True)


def build_quantized(g, pairs):
    def pair(t, scale, zero):
        s, z = g.const(scale), g.const(zero, np.int8)
        return g.node("DequantizeLinear", g.node("QuantizeLinear", t, s, z), s, z) if pairs else t
    scales = np.float32([0.01, 0.02, 0.015])
    whole = g.random.integers(-127, 128, (3, 4, 1, 1))
    if pairs:
        w = g.node("DequantizeLinear", g.const(whole, np.int8), g.const(scales), g.const([0] * 3, np.int8), axis=0)
        b = g.node("DequantizeLinear", g.const([10, -20, 30], np.int32), g.const(scales * 0.05), axis=0)
    else:
        w = g.const(whole * scales.reshape(3, 1, 1, 1))
        b = g.const(np.float32([10, -20, 30]) * scales * 0.05)
    y = g.node("Conv", pair(g.x, 0.05, 10), w, b)
    y = pair(y if pairs else g.node("Relu", y), 0.08, -128)
    y = pair(g.node("GlobalAveragePool", y), 0.04, -128)
    g.out(g.node("Flatten", y))


def placed(array):
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1)) if array.ndim == 4 else array


def write(name):
    graph = MODELS[name]()
    proto = graph.model()
    random = np.random.default_rng(1)
    x = random.normal(0, 1.5, (2, *graph.shape)).astype("float32")
    if name == "bytes_in":
        x = random.integers(0, 256, (2, *graph.shape)).astype("uint8")
    reference = proto
    if name == "quantized":
        plain = Graph(len(name), graph.shape, graph.opset)
        build_quantized(plain, False)
        reference = plain.model()
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(reference.SerializeToString(), options)
    answers = [session.run(None, {"x": x[i:i + 1]}) for i in range(2)]
    proto = graph.model([answer.shape for answer in answers[0]])
    onnx.checker.check_model(proto)
    (FOLDER / f"{name}.onnx").write_bytes(proto.SerializeToString())
    last = name == "channels_last"
    np.save(FOLDER / f"{name}.x0.npy", (x if last else placed(x)).astype("float32"))
    for i in range(len(graph.outputs)):
        y = np.concatenate([answer[i] for answer in answers])
        np.save(FOLDER / f"{name}.y{i}.npy", (y if last else placed(y)).astype("float32"))


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or MODELS:
        write(name)
        print(name)


if __name__ == "__main__":
    main()
