#!/usr/bin/env python3
"""Makes data/labelled.tflite, a small model with metadata and a file of labels in the zip behind it.

    python3 make_labelled.py

needs TensorFlow 2.15 and tflite-support 0.4.4, whose own writer it is made by. data/ is committed,
so the build needs none of this.
"""

import multiprocessing
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"

FILE = pathlib.Path(__file__).parent / "data" / "labelled.tflite"


# TensorFlow and tflite-support cannot be loaded into one process.
def convert():
    import tensorflow as tf
    tf.keras.utils.set_random_seed(5)
    L = tf.keras.layers
    i = L.Input((4, 4, 3), name="image")
    x = L.GlobalAveragePooling2D()(i)
    model = tf.keras.Model(i, L.Dense(2, activation="softmax", name="classes")(x))
    FILE.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())


def describe():
    import flatbuffers
    from tensorflow_lite_support.metadata import metadata_schema_py_generated as schema
    from tensorflow_lite_support.metadata.python import metadata
    options = schema.NormalizationOptionsT()
    options.mean, options.std = [127.5], [128.0]
    unit = schema.ProcessUnitT()
    unit.optionsType = schema.ProcessUnitOptions.NormalizationOptions
    unit.options = options
    image = schema.ImagePropertiesT()
    image.colorSpace = schema.ColorSpaceType.RGB
    content = schema.ContentT()
    content.contentPropertiesType = schema.ContentProperties.ImageProperties
    content.contentProperties = image
    inputs = schema.TensorMetadataT()
    inputs.name, inputs.content, inputs.processUnits = "image", content, [unit]
    labels = schema.AssociatedFileT()
    labels.name, labels.type = "labels.txt", schema.AssociatedFileType.TENSOR_AXIS_LABELS
    outputs = schema.TensorMetadataT()
    outputs.name, outputs.associatedFiles = "probability", [labels]
    subgraph = schema.SubGraphMetadataT()
    subgraph.inputTensorMetadata, subgraph.outputTensorMetadata = [inputs], [outputs]
    model = schema.ModelMetadataT()
    model.name, model.version, model.subgraphMetadata = "classifier", "v1", [subgraph]
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), metadata.MetadataPopulator.METADATA_FILE_IDENTIFIER)
    populator = metadata.MetadataPopulator.with_model_file(str(FILE))
    populator.load_metadata_buffer(builder.Output())
    populator.load_associated_file_buffers({"labels.txt": b"cat\ndog\n"})
    populator.populate()


if __name__ == "__main__":
    for step in (convert, describe):
        process = multiprocessing.get_context("spawn").Process(target=step)
        process.start()
        process.join()
        assert process.exitcode == 0
