// Whether a classifier's input and output fit images and classes: in words that advise the sidecar
// only where a sidecar can help, and else say what is not supported.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "datasets/preprocessing.h"

namespace qbench::datasets {

// `shape` is that of the model's input, -1 for what is free; qbench feeds [1, height, width,
// channels], channels being 1 or 3. kUnsupported where the model takes anything else (a batch,
// channels first, a free size, no image): no sidecar helps. kInvalidArgument where the sidecar's
// [input] is another image.
Status CheckInputShape(std::span<const int32_t> shape, const Preprocessing& input);
// The same against the shape of an image that was prepared, [1, height, width, channels].
Status CheckInputShape(std::span<const int32_t> shape, std::span<const int32_t> image);

// How many classes a model tells apart by the output `shape` ([1, n], or 1 in all places but one):
// n, but two where n is 1: a binary classifier, whose one output is the probability of the
// second class. kUnsupported where the shape is no list of scores, as of a segmentation.
Result<size_t> ClassesOfOutput(std::span<const int32_t> shape);

// Whether the outputs of a model, the labels of its sidecar and the classes of a data set are as
// many. kUnsupported where model and data set differ: qbench measures no model on a part of its
// classes, and no sidecar helps. kInvalidArgument where the sidecar lists too few or too many; none
// at all is a matter of CheckLabels (datasets/sidecar.h), which names what to write.
Status CheckClassCounts(std::span<const int32_t> output_shape, size_t labels, size_t classes);

// "[1, 16, 16, 3]"
std::string ShapeText(std::span<const int32_t> shape);

}  // namespace qbench::datasets
