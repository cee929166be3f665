"""What check_onnx.py and random_onnx.py share: what LiteRT answers beside ONNX Runtime."""

import collections

import numpy as np
import onnxruntime
from ai_edge_litert import interpreter as litert


def interpreter_of(tflite):
    kind = litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = litert.Interpreter(str(tflite), experimental_op_resolver_type=kind)
    interpreter.allocate_tensors()
    return interpreter


def operators(interpreter):
    names = [op["op_name"] for op in interpreter._get_ops_details()]
    return collections.Counter(name for name in names if name != "DELEGATE")


def session_of(file, optimized=True):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(str(file), options)


def pairs(session, interpreter, x):
    """(found, wanted) for each output of each sample of x, channels first where the ONNX file has them so."""
    detail = interpreter.get_input_details()[0]
    turned = x.ndim == 4 and tuple(detail["shape"][1:]) != x.shape[1:]
    for sample in x:
        wanted = session.run(None, {session.get_inputs()[0].name: sample[None]})
        given = np.ascontiguousarray(sample.transpose(1, 2, 0)) if turned else sample
        interpreter.set_tensor(detail["index"], given[None])
        interpreter.invoke()
        for output, answer in zip(interpreter.get_output_details(), wanted):
            found = interpreter.get_tensor(output["index"])
            if turned and found.ndim == 4:
                found = found.transpose(0, 3, 1, 2)
            yield found, answer


def difference(session, interpreter, x):
    """The largest, as a part of the value where that is above 1; infinity where shapes differ."""
    largest = 0.0
    for found, wanted in pairs(session, interpreter, x):
        if found.shape != wanted.shape or not np.isfinite(found).all():
            return float("inf")
        largest = max(largest, float((np.abs(found - wanted) / np.maximum(1, np.abs(wanted))).max()))
    return largest
