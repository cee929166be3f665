#include <algorithm>

#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

constexpr int64_t kLargest = 4096;  // of kernels, strides, dilations and padding

// Two numbers of an attribute, one for each direction.
Result<std::pair<int64_t, int64_t>> ReadPair(const NodeCall& call, std::string_view name,
                                             int64_t fallback) {
  const auto values = call.Ints(name);
  if (!values) return std::pair(fallback, fallback);
  const bool sound = values->size() == 2 && std::ranges::all_of(*values, [](int64_t value) {
                       return value >= 1 && value <= kLargest;
                     });
  if (sound) return std::pair((*values)[0], (*values)[1]);
  if (values->size() == 2) return call.Corrupt(fmt::format("{} is out of range", name));
  return call.Unsupported(fmt::format("{} has {} numbers; images have 2", name, values->size()));
}

// As SAME of TensorFlow, or with the odd pixel in front.
void PadSame(Window& window, bool lower) {
  const int64_t output = (window.input + window.stride - 1) / window.stride;
  const int64_t total =
      std::max<int64_t>((output - 1) * window.stride + window.covered() - window.input, 0);
  window.before = lower ? total - total / 2 : total / 2;
  window.after = total - window.before;
}

Status ReadPadding(const NodeCall& call, Windows& windows) {
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
  const bool sound = pads->size() == 4 && std::ranges::all_of(*pads, [](int64_t pad) {
                       return pad >= 0 && pad <= kLargest;
                     });
  if (!sound) return call.Unsupported("its pads are not 4 numbers from 0");
  windows.rows.before = (*pads)[0];
  windows.columns.before = (*pads)[1];
  windows.rows.after = (*pads)[2];
  windows.columns.after = (*pads)[3];
  return OkStatus();
}

// ceil_mode: as much behind as the last window needs, which begins in the image or before it.
Result<int64_t> Ceil(const NodeCall& call, Window& window) {
  const int64_t rest = window.input + window.before + window.after - window.covered();
  if (rest < 0 || rest % window.stride == 0) return 0;
  const int64_t extra = window.stride - rest % window.stride;
  const int64_t last = (rest / window.stride + 1) * window.stride;
  if (last >= window.input + window.before) {
    return call.Unsupported("its ceil_mode adds a window that begins behind the image");
  }
  window.after += extra;
  return extra;
}

}  // namespace

bool Window::IsSame() const {
  Window same = *this;
  PadSame(same, false);
  return same.before == before && same.after == after && output() == (input + stride - 1) / stride;
}

Result<Windows> ReadWindows(const NodeCall& call, const Shape& image, int64_t kernel_height,
                            int64_t kernel_width) {
  Windows windows;
  QB_ASSIGN_OR_RETURN(const auto kernel, ReadPair(call, "kernel_shape", 0));
  QB_ASSIGN_OR_RETURN(const auto strides, ReadPair(call, "strides", 1));
  QB_ASSIGN_OR_RETURN(const auto dilations, ReadPair(call, "dilations", 1));
  const int64_t height = kernel.first == 0 ? kernel_height : kernel.first;
  const int64_t width = kernel.second == 0 ? kernel_width : kernel.second;
  if (kernel_height != 0 && (height != kernel_height || width != kernel_width)) {
    return call.Corrupt("kernel_shape is not the weights' shape");
  }
  if (height < 1 || width < 1) return call.Corrupt("it has no kernel_shape");
  windows.rows = {image[1], height, strides.first, dilations.first};
  windows.columns = {image[2], width, strides.second, dilations.second};
  QB_RETURN_IF_ERROR(ReadPadding(call, windows));
  if (call.Int("ceil_mode", 0) != 0) {
    QB_ASSIGN_OR_RETURN(windows.extra_rows, Ceil(call, windows.rows));
    QB_ASSIGN_OR_RETURN(windows.extra_columns, Ceil(call, windows.columns));
  }
  for (const Window& w : {windows.rows, windows.columns}) {
    if (w.input + w.before + w.after < w.covered()) {
      return call.Corrupt(fmt::format("a window of {} does not fit into {}", w.covered(), w.input));
    }
  }
  return windows;
}

}  // namespace qbench::graph::import::onnx
