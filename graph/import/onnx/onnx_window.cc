#include <algorithm>

#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

constexpr int64_t kLargest = 4096;  // of kernels, strides, dilations and padding

// Two numbers of an attribute, one for each direction; of a row its one and 1.
Result<std::pair<int64_t, int64_t>> ReadPair(const NodeCall& call, std::string_view name,
                                             bool is_row, int64_t fallback) {
  const auto values = call.Ints(name);
  if (!values) return std::pair(is_row ? 1 : fallback, fallback);
  const size_t count = is_row ? 1 : 2;
  if (values->size() != count) {
    return call.Unsupported(
        fmt::format("{} has {} numbers, and its input {} directions", name, values->size(), count));
  }
  const bool sound =
      std::ranges::all_of(*values, [](int64_t value) { return value >= 1 && value <= kLargest; });
  if (!sound) return call.Corrupt(fmt::format("{} is out of range", name));
  return std::pair(is_row ? 1 : values->front(), values->back());
}

// As SAME of TensorFlow, or with the odd pixel in front.
void PadSame(Window& window, bool lower) {
  const int64_t output = (window.input + window.stride - 1) / window.stride;
  const int64_t total =
      std::max<int64_t>((output - 1) * window.stride + window.covered() - window.input, 0);
  window.before = lower ? total - total / 2 : total / 2;
  window.after = total - window.before;
}

Status ReadPadding(const NodeCall& call, bool is_row, Windows& windows) {
  const std::string mode = call.Text("auto_pad", "NOTSET");
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    PadSame(windows.rows, mode == "SAME_LOWER");
    PadSame(windows.columns, mode == "SAME_LOWER");
    return OkStatus();
  }
  if (mode == "VALID") return OkStatus();
  if (mode != "NOTSET") return call.Corrupt("its auto_pad is unknown");
  const auto pads = call.Ints("pads");
  if (!pads) return OkStatus();
  const size_t directions = is_row ? 1 : 2;
  const bool sound = pads->size() == 2 * directions && std::ranges::all_of(*pads, [](int64_t pad) {
                       return pad >= 0 && pad <= kLargest;
                     });
  if (!sound) {
    return call.Unsupported(fmt::format("its pads are not {} numbers from 0", 2 * directions));
  }
  windows.columns.before = (*pads)[directions - 1];
  windows.columns.after = pads->back();
  if (is_row) return OkStatus();
  windows.rows.before = (*pads)[0];
  windows.rows.after = (*pads)[2];
  return OkStatus();
}

// ceil_mode: as much behind as the last window needs. One that begins behind the image counts not.
int64_t Ceil(Window& window) {
  const int64_t rest = window.input + window.before + window.after - window.covered();
  if (rest < 0 || rest % window.stride == 0) return 0;
  const int64_t extra = window.stride - rest % window.stride;
  const int64_t last = (rest / window.stride + 1) * window.stride;
  if (last >= window.input + window.before) return 0;
  window.after += extra;
  return extra;
}

}  // namespace

bool Window::IsSame() const {
  Window same = *this;
  PadSame(same, false);
  return same.before == before && same.after == after && output() == (input + stride - 1) / stride;
}

Result<Windows> ReadWindows(const NodeCall& call, const Shape& image, bool is_row,
                            int64_t kernel_height, int64_t kernel_width) {
  Windows windows;
  QB_ASSIGN_OR_RETURN(const auto kernel, ReadPair(call, "kernel_shape", is_row, 0));
  QB_ASSIGN_OR_RETURN(const auto strides, ReadPair(call, "strides", is_row, 1));
  QB_ASSIGN_OR_RETURN(const auto dilations, ReadPair(call, "dilations", is_row, 1));
  const int64_t height = kernel.first == 0 ? kernel_height : kernel.first;
  const int64_t width = kernel.second == 0 ? kernel_width : kernel.second;
  if (kernel_height != 0 && (height != kernel_height || width != kernel_width)) {
    return call.Corrupt("kernel_shape is not the weights' shape");
  }
  if (height < 1 || width < 1) return call.Corrupt("it has no kernel_shape");
  windows.rows = {image[1], height, strides.first, dilations.first};
  windows.columns = {image[2], width, strides.second, dilations.second};
  QB_RETURN_IF_ERROR(ReadPadding(call, is_row, windows));
  if (call.Int("ceil_mode", 0) != 0) {
    windows.extra_rows = Ceil(windows.rows);
    windows.extra_columns = Ceil(windows.columns);
  }
  for (const Window& w : {windows.rows, windows.columns}) {
    if (w.input + w.before + w.after < w.covered()) {
      return call.Corrupt(fmt::format("a window of {} does not fit into {}", w.covered(), w.input));
    }
  }
  return windows;
}

}  // namespace qbench::graph::import::onnx
