"""What check_keras.py and random_keras.py share: weights, imports, and what TensorFlow Lite answers."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

RESOLVER = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES


def randomize(model, random):
    """Weights with which no layer's output grows or dies, whatever their number."""
    for variable in model.weights:
        name = (getattr(variable, "path", None) or variable.name).split("/")[-1].split(":")[0]
        shape = tuple(variable.shape)
        if "seed" in name or "count" in name:
            continue
        if name in ("gamma", "moving_variance", "variance"):
            values = random.uniform(0.6, 1.4, shape)
        elif name.endswith("kernel"):
            inputs = int(np.prod(shape[:2] if name == "depthwise_kernel" else shape[:-1]))
            values = random.normal(0, (1.5 / max(1, inputs)) ** 0.5, shape)
        else:
            values = random.normal(0, 0.1, shape)
        variable.assign(values.astype("float32"))


def save(model, path):
    """As the ending says: .h5, .keras, .savedmodel (a folder), .pb (a frozen graph)."""
    if path.suffix == ".savedmodel":
        if keras.__version__.startswith("3"):
            model.export(str(path), verbose=False)
        else:
            model.save(str(path), save_format="tf", include_optimizer=False)
    elif path.suffix == ".pb":
        spec = tf.TensorSpec((None,) + tuple(model.inputs[0].shape[1:]), tf.float32, name="image")
        function = tf.function(lambda image: model(image, training=False)).get_concrete_function(spec)
        graph = convert_variables_to_constants_v2(function).graph.as_graph_def()
        path.write_bytes(graph.SerializeToString())
    else:
        model.save(path)


def interpreter_of(content):
    interpreter = tf.lite.Interpreter(model_content=content, experimental_op_resolver_type=RESOLVER)
    interpreter.allocate_tensors()
    return interpreter


def operators(content):
    """How many operators the file has."""
    interpreter = tf.lite.Interpreter(model_content=content, experimental_op_resolver_type=RESOLVER)
    return len(interpreter._get_ops_details())


def converted(model, file):
    """What TensorFlow's converter makes of the model, or None where it fails. It takes its time: what is in
    the file already is taken."""
    if file.exists():
        return file.read_bytes()
    try:
        content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
        file.write_bytes(content)
        return content
    except Exception as error:  # its errors have no common class
        print(f"  the converter: {str(error).splitlines()[0][:100]}", flush=True)
        return None


def distance(found, wanted):
    """The largest over all outputs, as a part of the value where that is above 1."""
    return max(float(np.max(np.abs(f - w) / np.maximum(1, np.abs(w))))
               for f, w in zip(found, wanted))


def exact(make, model, xs):
    """What the same layers and weights answer in float64."""
    tf.keras.backend.set_floatx("float64")
    try:
        double = make()
        double.set_weights([w.astype("float64") for w in model.get_weights()])
        return answers(double, [x.astype("float64") for x in xs])
    finally:
        tf.keras.backend.set_floatx("float32")


def outputs(content, xs):
    """TensorFlow Lite's answers to all samples."""
    interpreter = interpreter_of(content)
    rows = []
    for sample in range(len(xs[0])):
        for detail, x in zip(interpreter.get_input_details(), xs):
            interpreter.set_tensor(detail["index"], x[sample:sample + 1])
        interpreter.invoke()
        rows.append([interpreter.get_tensor(o["index"]) for o in interpreter.get_output_details()])
    return [np.concatenate(column) for column in zip(*rows)]


def difference(content, xs, expected):
    """The distance of TensorFlow Lite's answers; infinity where they have another shape."""
    found = outputs(content, xs)
    if [f.shape for f in found] != [w.shape for w in expected]:
        return float("inf")
    if not all(np.isfinite(f).all() for f in found):
        return float("inf")
    return distance(found, expected)


def answers(model, xs):
    """Keras's outputs, always a list."""
    x = xs if len(xs) > 1 else xs[0]
    try:
        found = model(x, training=False)
    except Exception:  # channels first, which TensorFlow has on processors by XLA alone
        found = tf.function(lambda *a: model(x, training=False), jit_compile=True)()
    found = list(found.values()) if isinstance(found, dict) else found
    found = found if isinstance(found, (list, tuple)) else [found]
    return [np.asarray(y) for y in found]
