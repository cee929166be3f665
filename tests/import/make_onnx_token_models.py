#!/usr/bin/env python3
"""Makes models of tests/import/data/onnx that make_onnx_models.py does not: tokens, attention, windows, and rows.

    python3 make_onnx_token_models.py [NAME...]

Their batch is open: both samples at once have to give what each of them gives alone.
"""

import sys

import make_onnx_models as base
import numpy as np
import onnxruntime as ort

OTHERS = set(base.MODELS)


def linear(g, x, inputs, outputs):
    return g.node("Add", g.node("MatMul", x, g.rand(inputs, outputs)), g.rand(outputs))


def tokens(g, channels):
    """An image of two by three patches as [batch, 6, channels]."""
    y = g.node("Conv", g.x, g.rand(channels, 4, 3, 2), g.rand(channels), strides=[3, 2])
    return g.node("Transpose", g.node("Reshape", y, g.ints(0, channels, -1)), perm=[0, 2, 1])


def for_batch(g, *shape):
    """A constant [1, …] for each sample."""
    size = g.node("Shape", g.x, start=0, end=1)
    return g.node("Expand", g.rand(1, *shape), g.node("Concat", size, g.ints(*shape), axis=0))


# As timm's models are exported: three parts of one dense layer, a class token and positions.
@base.model()
def attention(g):
    x = tokens(g, 8)
    x = g.node("Concat", for_batch(g, 1, 8), x, axis=1)
    x = g.node("Add", x, g.rand(1, 7, 8))
    y = g.node("LayerNormalization", x, g.rand(8, low=0.5), g.rand(8), axis=-1)
    y = g.node("Reshape", linear(g, y, 8, 24), g.ints(0, 7, 3, 2, 4))
    y = g.node("Transpose", y, perm=[2, 0, 3, 1, 4])
    q, k, v = [g.node("Gather", y, g.const(i, np.int64), axis=0) for i in range(3)]
    q = g.node("Mul", q, g.const(0.5))
    scores = g.node("MatMul", q, g.node("Transpose", k, perm=[0, 1, 3, 2]))
    y = g.node("MatMul", g.node("Softmax", scores, axis=-1), v)
    y = g.node("Reshape", g.node("Transpose", y, perm=[0, 2, 1, 3]), g.ints(0, 7, 8))
    x = g.node("Add", x, linear(g, y, 8, 8))
    g.out(x, g.node("Gemm", g.node("Gather", x, g.const(0, np.int64), axis=1), g.rand(3, 8), transB=1))


# torch.nn.MultiheadAttention: the batch is second, becomes a part of the heads, of the places, and
# a dimension of its own again.
@base.model()
def merged_heads(g):
    x = g.node("Transpose", tokens(g, 8), perm=[1, 0, 2])
    y = g.node("Unsqueeze", g.node("Reshape", linear(g, x, 8, 24), g.ints(6, -1, 3, 8)), g.ints(0))
    y = g.node("Squeeze", g.node("Transpose", y, perm=[3, 1, 2, 0, 4]), g.ints(3))
    parts = [g.node("Gather", y, g.const(i, np.int64), axis=0) for i in range(3)]
    parts = [g.node("Transpose", g.node("Reshape", part, g.ints(6, -1, 4)), perm=[1, 0, 2])
             for part in parts]
    q, k, v = parts
    keys = g.node("Transpose", g.node("Mul", k, g.const(0.5)), perm=[0, 2, 1])
    weights = g.node("Softmax", g.node("MatMul", q, keys))
    g.out(g.node("ReduceMean", g.node("Reshape", weights, g.ints(-1, 2, 6, 6)), axes=[1], keepdims=0))
    y = g.node("MatMul", weights, v)
    y = g.node("Reshape", g.node("Transpose", y, perm=[1, 0, 2]), g.ints(-1, 8))
    y = g.node("Gemm", y, g.rand(8, 8), g.rand(8), transB=1)
    y = g.node("Transpose", g.node("Reshape", y, g.ints(6, -1, 8)), perm=[1, 0, 2])
    g.out(y, g.node("ReduceMean", y, axes=[1], keepdims=0))


# Swin: windows are samples of their own, which a mask and a table of positions tell apart.
@base.model(shape=(4, 4, 6))
def windows(g):
    x = g.node("Transpose", g.x, perm=[0, 2, 3, 1])
    rolled = g.node("Concat", g.node("Slice", x, g.ints(-1), g.ints(2**62), g.ints(1)),
                    g.node("Slice", x, g.ints(0), g.ints(-1), g.ints(1)), axis=1)
    y = g.node("Reshape", rolled, g.ints(-1, 2, 2, 2, 3, 4))
    y = g.node("Reshape", g.node("Transpose", y, perm=[0, 1, 3, 2, 4, 5]), g.ints(-1, 6, 4))
    y = g.node("Reshape", linear(g, y, 4, 12), g.ints(-1, 6, 3, 2, 2))
    y = g.node("Transpose", y, perm=[2, 0, 3, 1, 4])
    q, k, v = [g.node("Squeeze", part, g.ints(0)) for part in g.node("Split", y, count=3, axis=0)]
    scores = g.node("MatMul", q, g.node("Transpose", k, perm=[0, 1, 3, 2]))
    zeros = g.node("ConstantOfShape", g.ints(12, 2))
    places = g.const([[[11, 0]], [[3, 1]]], np.int64)
    table = g.node("ScatterND", g.node("Add", zeros, g.rand(12, 2)), places, g.const([[0.5], [-0.5]]))
    bias = g.node("GatherND", table, g.const(g.random.integers(0, 12, (6, 6, 1)), np.int64))
    bias = g.node("Unsqueeze", g.node("Transpose", bias, perm=[2, 0, 1]), g.ints(0))
    scores = g.node("Add", scores, bias)
    regions = g.const(g.random.integers(0, 2, (4, 1, 6)))
    apart = g.node("Sub", regions, g.node("Transpose", regions, perm=[0, 2, 1]))
    same = g.node("Equal", apart, g.const(0.0))
    mask = g.node("Where", g.node("Not", same), g.const(-5.0), apart)
    mask = g.node("Unsqueeze", g.node("Unsqueeze", mask, g.ints(1)), g.ints(0))
    scores = g.node("Add", g.node("Reshape", scores, g.ints(-1, 4, 2, 6, 6)), mask)
    weights = g.node("Softmax", g.node("Reshape", scores, g.ints(-1, 2, 6, 6)), axis=-1)
    y = g.node("Transpose", g.node("MatMul", weights, v), perm=[0, 2, 1, 3])
    y = g.node("Reshape", linear(g, g.node("Reshape", y, g.ints(-1, 6, 4)), 4, 4),
               g.ints(-1, 2, 2, 2, 3, 4))
    y = g.node("Reshape", g.node("Transpose", y, perm=[0, 1, 3, 2, 4, 5]), g.ints(-1, 4, 6, 4))
    y = g.node("Transpose", g.node("Add", y, x), perm=[0, 3, 1, 2])
    g.out(g.node("Flatten", g.node("GlobalAveragePool", y)))


# Other products, other places of constants, and what is computed of constants alone.
@base.model(shape=(5, 6), opset=18)
def products(g):
    x = g.x
    g.out(g.node("MatMul", g.rand(3, 5), x), g.node("MatMul", x, g.rand(1, 6, 2)))
    turned = g.node("Transpose", x, perm=[0, 2, 1])
    g.out(g.node("MatMul", x, turned), g.node("MatMul", turned, x))
    one = g.node("Unsqueeze", x, g.ints(1))
    three = g.node("Concat", one, g.node("Neg", one), g.node("Sigmoid", one), axis=1)
    each = g.node("MatMul", three, g.node("Unsqueeze", turned, g.ints(1)))
    g.out(g.node("Reshape", each, g.ints(0, -1, 5)))
    first, last = for_batch(g, 1, 6), for_batch(g, 2, 6)
    g.out(g.node("Concat", x, last, axis=1), g.node("Concat", first, x, last, x, first, axis=1))
    sum_ = g.node("Concat", first, x, axis=1)
    g.out(g.node("Add", sum_, g.rand(6, 6)), sum_, g.node("Add", sum_, g.rand(6)))
    g.out(g.node("Celu", x), g.node("Celu", x, alpha=0.5))
    root = g.node("ReduceL2", x, g.ints(-1), keepdims=1)
    safe = g.node("Clip", root, g.const(0.5))
    g.out(g.node("Div", x, g.node("Expand", safe, g.ints(1, 5, 6))), g.node("ReduceMax", x, g.ints(1)))
    scale = g.node("Exp", g.node("Clip", g.const([0.5, 9.0, -2.0]), "", g.const(1.5)))
    scale = g.node("Add", scale, g.node("Log", g.node("Sqrt", g.const([1.0, 2.0, 3.0]))))
    gate = g.node("Sigmoid", g.node("Relu", g.node("Tanh", g.rand(4, 3))))
    gate = g.node("MatMul", g.node("Reciprocal", g.node("Add", gate, scale)), g.rand(3, 6))
    g.out(g.node("MatMul", x, g.node("Transpose", gate)))


@base.model(shape=(4, 9), opset=19)
def rows(g):
    def conv(out, inputs, k=3, bias=True, x=g.x, **a):
        extra = [g.rand(out)] if bias else []
        return g.node("Conv", x, g.rand(out, inputs, k), *extra, **a)
    g.out(conv(5, 4), conv(5, 4, pads=[1, 1], kernel_shape=[3]), conv(6, 4, strides=[2], pads=[2, 0]))
    g.out(conv(6, 2, group=2, bias=False), conv(8, 1, group=4, pads=[1, 1]), conv(3, 4, dilations=[2]))
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        g.out(conv(3, 4, k=2, auto_pad=mode, strides=[2]))
    for a in (dict(strides=[2]), dict(strides=[2], ceil_mode=1), dict(pads=[1, 1])):
        g.out(g.node("MaxPool", g.x, kernel_shape=[3], **a))
        g.out(g.node("AveragePool", g.x, kernel_shape=[3], **a))
    g.out(g.node("AveragePool", g.x, kernel_shape=[2], pads=[0, 1], count_include_pad=1))
    g.out(g.node("MaxPool", g.x, kernel_shape=[2], strides=[5], pads=[1, 1], ceil_mode=1))
    # The last window would begin behind the row.
    g.out(g.node("MaxPool", g.x, kernel_shape=[2], strides=[4], pads=[1, 1], ceil_mode=1))
    g.out(g.node("MaxPool", g.x, kernel_shape=[2], strides=[10], pads=[1, 1], ceil_mode=1))
    g.out(g.node("GlobalAveragePool", g.x), g.node("GlobalMaxPool", g.x))
    n = [g.rand(6, low=0.5), g.rand(6), g.rand(6), g.rand(6, low=0.5)]
    y = g.node("Relu", g.node("BatchNormalization", conv(6, 4, bias=False), *n))
    y = g.node("MaxPool", conv(5, 6, x=y, pads=[1, 1]), kernel_shape=[2], strides=[2])
    g.out(g.node("Gemm", g.node("Flatten", y), g.rand(3, 15), g.rand(3), transB=1))
    y = g.node("Transpose", g.node("Add", g.node("InstanceNormalization", g.x, g.rand(4), g.rand(4)), g.x),
               perm=[0, 2, 1])
    g.out(y)


def check_batch(name):
    """That both samples at once are the same network: else an open batch would be another one."""
    graph = base.MODELS[name]()
    x = np.load(base.FOLDER / f"{name}.x0.npy")
    x = np.ascontiguousarray(x.transpose(0, 3, 1, 2)) if x.ndim == 4 else x
    session = ort.InferenceSession(str(base.FOLDER / f"{name}.onnx"))
    for i, y in enumerate(session.run(None, {"x": x})):
        wanted = np.load(base.FOLDER / f"{name}.y{i}.npy")
        y = base.placed(y)
        if y.shape != wanted.shape or not np.allclose(y, wanted, atol=1e-5):
            sys.exit(f"{name}: the samples of {graph.outputs[i]} are not apart")


def main():
    for name in sys.argv[1:] or [name for name in base.MODELS if name not in OTHERS]:
        base.write(name)
        check_batch(name)
        print(name)


if __name__ == "__main__":
    main()
