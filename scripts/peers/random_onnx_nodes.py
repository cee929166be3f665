"""Random graphs of ONNX nodes, for random_onnx.py."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

UNARY = ["Relu", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "LeakyRelu", "Elu", "Selu", "Softsign", "Abs",
         "Neg", "Identity", "Dropout"]


class Maker:
    """Grows one graph; `shapes` are those for a batch of 1."""

    def __init__(self, random):
        self.random = random
        self.opset = int(self.pick(13, 15, 17, 18, 20, 21))
        self.nodes, self.weights, self.shapes = [], [], {}

    def pick(self, *options):
        return options[self.random.integers(len(options))]

    def coin(self, chance=0.5):
        return bool(self.random.random() < chance)

    def below(self, limit):
        return int(self.random.integers(limit))

    def const(self, values, dtype=np.float32):
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def ints(self, *values):
        return self.const(values, np.int64)

    def normal(self, *shape):
        fan = max(1, int(np.prod(shape[1:])))
        return self.const(self.random.normal(0, fan ** -0.5, shape))

    def uniform(self, *shape):
        return self.const(self.random.uniform(0.5, 1.5, shape))

    def node(self, op, *inputs, count=1, **attributes):
        names = [f"t{len(self.nodes)}_{i}" for i in range(count)]
        node = helper.make_node(op, list(inputs), names, name=f"n{len(self.nodes)}", **attributes)
        self.infer(node, names)
        self.nodes.append(node)
        return names[0] if count == 1 else names

    def infer(self, node, names):
        """The node's shapes, of the node alone; an error where ONNX takes it not."""
        given = [helper.make_tensor_value_info(n, TensorProto.FLOAT, self.shapes[n])
                 for n in dict.fromkeys(node.input) if n in self.shapes]
        weights = [w for w in self.weights if w.name in node.input]
        outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in names]
        graph = helper.make_graph([node], "one", given, outputs, weights)
        one = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        inferred = shape_inference.infer_shapes(one, strict_mode=True, data_prop=True)
        for value in inferred.graph.output:
            self.shapes[value.name] = [d.dim_value for d in value.type.tensor_type.shape.dim]
            if 0 in self.shapes[value.name]:
                raise ValueError(f"{node.op_type} has no shape")

    def axes_node(self, op, since, x, axes, **attributes):
        """Axes as an attribute, or as an input since that operator set."""
        if self.opset >= since:
            return self.node(op, x, self.ints(*axes), **attributes)
        return self.node(op, x, axes=axes, **attributes)

    # --- images and rows: [batch, channels, …] -------------------------------------------------

    def window(self, x, pads=True):
        """Attributes of a window that fits, in all directions."""
        places = self.shapes[x][2:]
        kernel = [min(self.pick(1, 2, 3), size) for size in places]
        found = dict(kernel_shape=kernel)
        if self.coin(0.6):
            found["strides"] = [self.pick(1, 1, 2, 3) for _ in places]
        way = self.below(4) if pads else 3
        if way == 0:
            found["pads"] = [self.below(k) for k in kernel] + [self.below(k) for k in kernel]
        elif way == 1:
            found["auto_pad"] = self.pick("SAME_UPPER", "SAME_LOWER", "VALID")
        elif way == 2:
            found["pads"] = 2 * [k // 2 for k in kernel]
        return found

    def conv(self, x):
        channels = self.shapes[x][1]
        found = self.window(x)
        if self.coin(0.2) and "auto_pad" not in found:
            found["dilations"] = [2 if 2 * k - 1 <= size else 1
                                  for k, size in zip(found["kernel_shape"], self.shapes[x][2:])]
        groups = self.pick(1, 1, channels, 2 if channels % 2 == 0 else 1)
        outputs = groups * int(self.pick(1, 2)) if groups > 1 else int(self.pick(2, 3, 4, 6))
        kernel = found["kernel_shape"]
        if self.coin(0.3):
            del found["kernel_shape"]
        bias = [self.normal(outputs)] if self.coin(0.7) else []
        return self.node("Conv", x, self.normal(outputs, channels // groups, *kernel), *bias,
                         group=groups, **found)

    def transposed(self, x):
        if len(self.shapes[x]) != 4:
            return self.conv(x)
        stride = int(self.pick(1, 2, 3))
        kernel = [int(self.pick(stride, stride + 1, stride + 2)) for _ in range(2)]
        pads = [self.below((k - stride) // 2 + 1) for k in kernel]
        outputs = int(self.pick(2, 3))
        bias = [self.normal(outputs)] if self.coin() else []
        return self.node("ConvTranspose", x, self.normal(self.shapes[x][1], outputs, *kernel), *bias,
                         strides=[stride] * 2, pads=2 * pads)

    def pool(self, x):
        found = self.window(x)
        op = self.pick("MaxPool", "AveragePool")
        if "auto_pad" not in found and self.coin(0.3):
            found["ceil_mode"] = 1
        if op == "AveragePool" and self.coin():
            found["count_include_pad"] = 1
        return self.node(op, x, **found)

    def normalization(self, x):
        shape = self.shapes[x]
        channels = shape[1]
        kind = self.pick("BatchNormalization", "InstanceNormalization", "LayerNormalization",
                         "GroupNormalization")
        if kind == "LayerNormalization" and self.opset >= 17:
            axis = int(self.random.integers(1, len(shape)))
            tail = shape[axis:]
            return self.node(kind, x, self.uniform(*tail), *([self.normal(*tail)] if self.coin() else []),
                             axis=self.pick(axis, axis - len(shape)), epsilon=0.01)
        if kind == "GroupNormalization" and self.opset >= 21:
            return self.node(kind, x, self.uniform(channels), self.normal(channels), epsilon=0.01,
                             num_groups=self.pick(1, channels))
        if kind == "InstanceNormalization" and np.prod(shape[2:]) > 1:
            return self.node(kind, x, self.uniform(channels), self.normal(channels), epsilon=0.01)
        return self.node("BatchNormalization", x, self.uniform(channels), self.normal(channels),
                         self.normal(channels), self.uniform(channels))

    def squeeze_and_excite(self, x):
        shape = self.shapes[x]
        y = self.node("GlobalAveragePool", x)
        y = self.node("Conv", y, self.normal(shape[1], shape[1], *[1] * (len(shape) - 2)))
        return self.node("Mul", *self.random.permutation([x, self.node("Sigmoid", y)]))

    def shuffle(self, x):
        shape = self.shapes[x]
        if shape[1] % 2:
            return self.node("Neg", x)
        y = self.node("Reshape", x, self.ints(0, 2, shape[1] // 2, *shape[2:]))
        y = self.node("Transpose", y, perm=[0, 2, 1, *range(3, len(shape) + 1)])
        return self.node("Reshape", y, self.ints(-1, *shape[1:]))

    def larger(self, x):
        if len(self.shapes[x]) != 4:
            return self.pool(x)
        way = self.below(3)
        if way == 0 and self.shapes[x][1] % 4 == 0:
            return self.node("DepthToSpace", x, blocksize=2, mode=self.pick("DCR", "CRD"))
        scales = self.const([1, 1, self.pick(1, 2), 2])
        if way == 1:
            return self.node("Resize", x, "", scales, mode="nearest", nearest_mode="floor",
                             coordinate_transformation_mode="asymmetric")
        return self.node("Resize", x, "", scales, mode="linear",
                         coordinate_transformation_mode=self.pick("half_pixel", "pytorch_half_pixel"))

    def image_step(self, x):
        if np.prod(self.shapes[x][2:]) > 200:
            return self.node("MaxPool", x, kernel_shape=[2] * (len(self.shapes[x]) - 2),
                             strides=[2] * (len(self.shapes[x]) - 2))
        return self.pick(self.conv, self.conv, self.conv, self.pool, self.normalization, self.single,
                         self.squeeze_and_excite, self.shuffle, self.larger, self.transposed,
                         self.any_step, self.any_step)(x)

    # --- rows of vectors: [batch, places, channels] ----------------------------------------------

    def dense(self, x):
        y = self.node("MatMul", x, self.normal(self.shapes[x][-1], int(self.pick(4, 6))))
        return self.node("Add", *self.random.permutation([y, self.normal(self.shapes[y][-1])]))

    def attention(self, x):
        """As timm, or with the batch as a part of the heads."""
        _, places, channels = self.shapes[x]
        heads = 2 if channels % 2 == 0 else 1
        size = channels // heads
        parts = []
        merged = self.coin()
        for _ in range(3):
            y = self.node("MatMul", x, self.normal(channels, channels))
            if merged:
                y = self.node("Reshape", self.node("Transpose", y, perm=[1, 0, 2]),
                              self.ints(places, -1, size))
                parts.append(self.node("Transpose", y, perm=[1, 0, 2]))
            else:
                y = self.node("Reshape", y, self.ints(0, places, heads, size))
                parts.append(self.node("Transpose", y, perm=[0, 2, 1, 3]))
        last = len(self.shapes[parts[0]])
        keys = self.node("Transpose", parts[1], perm=[*range(last - 2), last - 1, last - 2])
        scores = self.node("Div", self.node("MatMul", parts[0], keys), self.const(size ** 0.5))
        if self.coin(0.3):
            scores = self.node("Add", scores, self.normal(places, places))
        y = self.node("MatMul", self.node("Softmax", scores, axis=-1), parts[2])
        if merged:
            y = self.node("Reshape", self.node("Transpose", y, perm=[1, 0, 2]), self.ints(places, -1, channels))
            return self.node("Add", x, self.node("Transpose", y, perm=[1, 0, 2]))
        y = self.node("Transpose", y, perm=[0, 2, 1, 3])
        return self.node("Add", x, self.node("Reshape", y, self.ints(0, 0, channels)))

    def token(self, x):
        """A constant joined to the places."""
        size = self.node_of_ints("Slice", self.node_of_ints("Shape", "x"), self.ints(0), self.ints(1))
        shape = self.node_of_ints("Concat", size, self.ints(1, self.shapes[x][2]), axis=0)
        token = self.node_fixed("Expand", [1, 1, self.shapes[x][2]], self.normal(1, 1, self.shapes[x][2]), shape)
        y = self.node("Concat", *self.pick([token, x], [x, token]), axis=1)
        return self.node("Add", y, self.normal(1, *self.shapes[y][1:])) if self.coin() else y

    def row_step(self, x):
        turned = lambda x: self.node("Transpose", x, perm=[0, 2, 1])
        return self.pick(self.dense, self.attention, self.attention, self.normalization, self.single,
                         turned, self.conv, self.token, self.any_step)(x)

    # --- of any rank ---------------------------------------------------------------------------

    def single(self, x):
        op = self.pick(*UNARY, "Clip", "PRelu", "Gelu", "Softmax", "erf", "Pow", "Sqrt")
        if op == "HardSwish" and self.opset < 14 or op == "Gelu" and self.opset < 20:
            op = "Relu"
        if op == "Clip":
            return self.node(op, x, self.pick("", self.const(-0.5), self.const(0.0)),
                             self.pick("", self.const(6.0), self.const(0.75)))
        if op == "PRelu":
            return self.node(op, x, self.uniform(*self.pick(self.shapes[x][1:2] + [1] * (len(self.shapes[x]) - 2),
                                                            [1])))
        if op == "Softmax":
            return self.node(op, x, axis=self.pick(-1, int(self.random.integers(1, len(self.shapes[x])))))
        if op == "erf":
            erf = self.node("Erf", self.node("Div", x, self.const(np.sqrt(2.0))))
            return self.node("Mul", self.node("Mul", x, self.node("Add", erf, self.const(1.0))), self.const(0.5))
        if op == "Pow":
            return self.node(op, self.node("Sigmoid", x), self.const(self.pick(2.0, 3.0, 0.5, -1.0)))
        if op == "Sqrt":
            root = self.node(op, self.node("Add", self.node("Abs", x), self.const(0.5)))
            return self.pick(lambda: root, lambda: self.node("Div", x, root))()
        return self.node(op, x)

    def with_constant(self, x):
        shape = self.shapes[x]
        rank = int(self.random.integers(0, len(shape) + 1))
        dims = [self.pick(1, size) for size in shape[len(shape) - rank:]]
        if rank == len(shape):
            dims[0] = 1
        both = [x, self.uniform(*dims)]
        if self.coin(0.3):
            both.reverse()
        op = self.pick("Add", "Sub", "Mul", "Div", "Max", "Min")
        if op == "Div" and both[1] == x:
            op = "Mul"
        return self.node(op, *both)

    def reshaped(self, x):
        shape = self.shapes[x][1:]
        flat = int(np.prod(shape))
        first = self.pick(*[d for d in range(1, flat + 1) if flat % d == 0])
        new = self.pick(shape[::-1], [flat], [first, flat // first], [1, *shape])
        y = self.node("Reshape", x, self.ints(self.pick(0, -1), *new))
        if self.coin(0.3):
            return y
        return self.node("Reshape", self.single(y), self.ints(-1, *shape))

    def turned(self, x):
        """A transposition and its way back, with something between them."""
        rank = len(self.shapes[x])
        perm = list(self.random.permutation(rank)) if self.coin(0.3) else [0, *(self.random.permutation(rank - 1) + 1)]
        perm = [int(axis) for axis in perm]
        y = self.node("Transpose", x, perm=perm)
        y = self.node("Mul", y, self.node("Sigmoid", y)) if self.coin() else self.node("Relu", y)
        return self.node("Transpose", y, perm=[perm.index(axis) for axis in range(rank)])

    def cut(self, x):
        shape = self.shapes[x]
        axis = int(self.random.integers(1, len(shape)))
        size = shape[axis]
        if size < 2:
            return self.axes_node("Squeeze", 13, self.axes_node("Unsqueeze", 13, x, [axis]), [axis])
        way = self.below(5)
        if way == 0:
            return self.node("Slice", x, self.ints(self.pick(0, 1, -size + 1)), self.ints(self.pick(size, 2**62)),
                             self.ints(self.pick(axis, axis - len(shape))), self.ints(self.pick(1, 1, 2)))
        if way == 1:
            chosen = [int(i) for i in self.random.integers(-size, size, self.pick(1, 2, 3))]
            return self.node("Gather", x, self.ints(*chosen), axis=axis)
        if way == 2:
            more = dict(num_outputs=2) if self.opset >= 18 else {}
            a, b = (self.node("Split", x, count=2, axis=axis, **more) if size % 2 == 0 else
                    self.node("Split", x, self.ints(1, size - 1), count=2, axis=axis))
            return self.node("Concat", b, self.single(a), axis=axis)
        if way == 3:
            pads = [0] * (2 * len(shape))
            pads[axis], pads[axis + len(shape)] = self.pick((1, 0), (0, 2), (-1, 1))
            return self.node("Pad", x, self.ints(*pads))
        part = self.node("Gather", x, self.const(self.below(size), np.int64), axis=axis)
        return self.node("Add", x, self.axes_node("Unsqueeze", 13, part, [axis]))

    def reduced(self, x):
        rank = len(self.shapes[x])
        count = int(self.random.integers(1, rank))
        axes = [int(a) for a in self.random.permutation(np.arange(1, rank))[:count]]
        op, since = self.pick(("ReduceMean", 18), ("ReduceSum", 13), ("ReduceMax", 18), ("ReduceL2", 18))
        y = self.axes_node(op, since, x, axes, keepdims=1)
        y = self.node("Mul", y, self.const(0.25))
        return self.node(self.pick("Sub", "Add", "Max"), x, y)

    def any_step(self, x):
        return self.pick(self.with_constant, self.reshaped, self.turned, self.cut, self.cut, self.reduced)(x)

    # --- graphs ----------------------------------------------------------------------------------

    def node_fixed(self, op, shape, *inputs, **attributes):
        """A node whose shape is known, since the batch is in it."""
        name = f"t{len(self.nodes)}_0"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=f"n{len(self.nodes)}", **attributes))
        self.shapes[name] = shape
        return name

    def node_of_ints(self, op, *inputs, **attributes):
        name = f"t{len(self.nodes)}_0"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=f"n{len(self.nodes)}", **attributes))
        return name

    def step(self, x):
        rank = len(self.shapes[x])
        if rank == 4 or rank == 3 and self.coin(0.4):
            return self.image_step(x)
        if rank == 3:
            return self.row_step(x)
        return self.pick(self.single, self.with_constant, self.dense)(x) if rank == 2 else self.any_step(x)

    def grow(self, x, count):
        for _ in range(count):
            before = x
            x = self.step(x)
            if self.shapes[before] == self.shapes[x] and self.coin(0.4):
                x = self.node(self.pick("Add", "Mul", "Sub", "Max"), before, x)
            elif self.shapes[before][0] == 1 and self.shapes[before][2:] == self.shapes[x][2:] and self.coin(0.3):
                x = self.node("Concat", before, x, axis=1)
        return x

    def head(self, x):
        if len(self.shapes[x]) > 2:
            if self.coin():
                x = self.node("GlobalAveragePool", x)
            x = self.node("Flatten", x)
        weights = self.normal(3, self.shapes[x][1])
        return self.node("Softmax", self.node("Gemm", x, weights, self.normal(3), transB=1), axis=-1)


def make(random, file):
    """Saves a model; its operators, and the shape of a sample."""
    maker = Maker(random)
    shape = maker.pick([int(maker.pick(1, 3, 4)), 8, int(maker.pick(7, 9))], [int(maker.pick(2, 4)), 9], [6, 4])
    maker.shapes["x"] = [1, *shape]
    x = maker.grow("x", int(random.integers(2, 7)))
    y = maker.head(x) if maker.coin(0.6) else maker.single(x)
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *shape])
    answer = helper.make_tensor_value_info(y, TensorProto.FLOAT, None)
    graph = helper.make_graph(maker.nodes, "random", [given], [answer], maker.weights)
    model = helper.make_model(graph, ir_version=min(10, 4 + maker.opset // 3),
                              opset_imports=[helper.make_opsetid("", maker.opset)])
    onnx.save(model, str(file))
    return [node.op_type for node in maker.nodes], shape
