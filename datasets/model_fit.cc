#include "datasets/model_fit.h"

#include <algorithm>
#include <array>

#include "fmt/ranges.h"

namespace qbench::datasets {
namespace {

constexpr std::string_view kFed = "qbench feeds one image, [1, height, width, 1 or 3]";

bool IsChannels(int32_t count) { return count == 1 || count == 3; }

// What is so with an input that no sidecar fits; empty where one does.
std::string WhyNoImage(std::span<const int32_t> shape) {
  const auto is_free = [](int32_t side) { return side < 1; };
  if (shape.size() != 4) return "that is no image";
  if (shape[0] > 1) {
    return fmt::format(
        "a fixed batch of {} is not supported: convert the model again with a batch "
        "of 1",
        shape[0]);
  }
  if (std::ranges::any_of(shape.subspan(1), is_free)) {
    return "a free size is not supported: convert the model again with a fixed size";
  }
  if (!IsChannels(shape[3]) && IsChannels(shape[1])) {
    return "channels first (NCHW) are not supported: convert the model again with channels last "
           "(NHWC)";
  }
  if (!IsChannels(shape[3])) {
    return fmt::format("{} channels are not supported", shape[3]);
  }
  if (std::max(shape[1], shape[2]) > kMaxInputSide) {
    return fmt::format("images of more than {0} x {0} pixels are not supported", kMaxInputSide);
  }
  return "";
}

}  // namespace

std::string ShapeText(std::span<const int32_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

Status CheckInputShape(std::span<const int32_t> shape, std::span<const int32_t> image) {
  if (const std::string why = WhyNoImage(shape); !why.empty()) {
    return Error(StatusCode::kUnsupported, "the model takes {}; {}; {}", ShapeText(shape), kFed,
                 why);
  }
  if (std::ranges::equal(shape.subspan(1), image.subspan(1))) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "the model takes {}, its sidecar's [input] makes {}: write width = {}, height = {} "
               "and channels = {} there",
               ShapeText(shape), ShapeText(image), shape[2], shape[1],
               shape[3] == 1 ? "\"GRAY\"" : "\"RGB\" or \"BGR\"");
}

Status CheckInputShape(std::span<const int32_t> shape, const Preprocessing& input) {
  return CheckInputShape(
      shape, std::array<int32_t, 4>{1, input.height, input.width, input.channel_count()});
}

Result<size_t> ClassesOfOutput(std::span<const int32_t> shape) {
  const auto sides = std::ranges::count_if(shape, [](int32_t side) { return side > 1; });
  const bool free = std::ranges::any_of(shape.subspan(std::min<size_t>(shape.size(), 1)),
                                        [](int32_t side) { return side < 1; });
  if (shape.empty() || sides > 1 || free || (shape.size() > 1 && shape[0] > 1)) {
    return Error(StatusCode::kUnsupported,
                 "the model's output is {}, not one score a class as [1, classes]: only image "
                 "classifiers are supported",
                 ShapeText(shape));
  }
  const int32_t outputs = *std::ranges::max_element(shape);
  return outputs < 2 ? 2 : static_cast<size_t>(outputs);
}

Status CheckClassCounts(std::span<const int32_t> output_shape, size_t labels, size_t classes) {
  QB_ASSIGN_OR_RETURN(const size_t outputs, ClassesOfOutput(output_shape));
  const bool binary = *std::ranges::max_element(output_shape) < 2;
  const std::string model = binary ? "the model has one output, which tells two classes apart"
                                   : fmt::format("the model has {} outputs", outputs);
  if (outputs != classes) {
    return Error(StatusCode::kUnsupported,
                 "{}, the data set has {} class{}: accuracy over a part of the classes is not "
                 "supported; name a data set with one folder for each of the {}",
                 model, classes, classes == 1 ? "" : "es", outputs);
  }
  if (labels == outputs || labels == 0) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "{}, its sidecar lists {} label{}: list {} labels, in the order of the outputs{}",
               model, labels, labels == 1 ? "" : "s", outputs,
               binary ? " (first the class of 0, then that of 1)" : "");
}

}  // namespace qbench::datasets
