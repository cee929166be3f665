#include "kernels/pooling.h"

namespace qbench::kernels {
namespace {

// Calls visit(pixel) with the channels of every input pixel under the window at output (y, x);
// returns their number.
template <typename Element, typename Visit>
int32_t ForEachTap(const Window& w, const Element* image, int32_t y, int32_t x,
                   const Visit& visit) {
  const int32_t top = y * w.stride_h - w.pad_top;
  const int32_t left = x * w.stride_w - w.pad_left;
  const Taps rows = TapsInside(top, w.in_h, w.filter_h, 1);
  const Taps columns = TapsInside(left, w.in_w, w.filter_w, 1);
  for (int64_t row = top + rows.begin; row < top + rows.end; ++row) {
    for (int64_t column = left + columns.begin; column < left + columns.end; ++column) {
      visit(image + (row * w.in_w + column) * w.in_c);
    }
  }
  return (rows.end - rows.begin) * (columns.end - columns.begin);
}

// acc / count to the nearest integer, halves away from zero.
int64_t RoundedQuotient(int64_t acc, int32_t count) {
  const int64_t half = count / 2;
  return (acc > 0 ? acc + half : acc - half) / count;
}

}  // namespace

void AveragePool2DFloat(const Window& w, const float* input, FloatRange range, float* output) {
  for (int32_t n = 0; n < w.batches; ++n, input += w.in_image()) {
    ForEachOutput(w, [&](int32_t y, int32_t x) {
      std::fill_n(output, w.in_c, 0.0F);
      const int32_t count = ForEachTap(w, input, y, x, [&](const float* pixel) {
        for (int32_t c = 0; c < w.in_c; ++c) output[c] += pixel[c];
      });
      for (int32_t c = 0; c < w.in_c; ++c, ++output) {
        *output = range.Clamp(*output / static_cast<float>(count));
      }
    });
  }
}

template <typename Element>
void AveragePool2DQuantized(const Window& w, const Element* input, QuantizedRange range,
                            Element* output) {
  for (int32_t n = 0; n < w.batches; ++n, input += w.in_image()) {
    ForEachOutput(w, [&](int32_t y, int32_t x) {
      for (int32_t c = 0; c < w.in_c; ++c) {
        int64_t acc = 0;
        const int32_t count =
            ForEachTap(w, input, y, x, [&](const Element* pixel) { acc += pixel[c]; });
        *output++ =
            static_cast<Element>(range.Clamp(static_cast<int32_t>(RoundedQuotient(acc, count))));
      }
    });
  }
}

template <typename Element, typename Range>
void MaxPool2D(const Window& w, const Element* input, Range range, Element* output) {
  for (int32_t n = 0; n < w.batches; ++n, input += w.in_image()) {
    ForEachOutput(w, [&](int32_t y, int32_t x) {
      std::fill_n(output, w.in_c, std::numeric_limits<Element>::lowest());
      ForEachTap(w, input, y, x, [&](const Element* pixel) {
        for (int32_t c = 0; c < w.in_c; ++c) output[c] = std::max(output[c], pixel[c]);
      });
      for (int32_t c = 0; c < w.in_c; ++c, ++output) {
        *output = static_cast<Element>(range.Clamp(*output));
      }
    });
  }
}

namespace {

Result<Window> WindowOf(const OpContext& context) {
  const auto& options = context.options<graph::Pool2DOptions>();
  return MakeWindow(context.input(0).shape(), context.output().shape(), options.filter_h,
                    options.filter_w, 1, 1, options);
}

}  // namespace

Result<Run> PrepareAveragePool2DFloat(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Window w, WindowOf(context));
  return Run([w, in = context.input(0).As<float>(), out = context.output().As<float>(),
              range = RangeOf(context.options<graph::Pool2DOptions>().activation)] {
    AveragePool2DFloat(w, in, range, out);
  });
}

template <typename Element>
Result<Run> PrepareAveragePool2DQuantized(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Window w, WindowOf(context));
  const auto range = RangeOf(context.options<graph::Pool2DOptions>().activation, context.output());
  return Run([w, range, in = context.input(0).As<Element>(), out = context.output().As<Element>()] {
    AveragePool2DQuantized(w, in, range, out);
  });
}

Result<Run> PrepareMaxPool2DFloat(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Window w, WindowOf(context));
  return Run([w, in = context.input(0).As<float>(), out = context.output().As<float>(),
              range = RangeOf(context.options<graph::Pool2DOptions>().activation)] {
    MaxPool2D(w, in, range, out);
  });
}

template <typename Element>
Result<Run> PrepareMaxPool2DQuantized(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Window w, WindowOf(context));
  const auto range = RangeOf(context.options<graph::Pool2DOptions>().activation, context.output());
  return Run([w, range, in = context.input(0).As<Element>(), out = context.output().As<Element>()] {
    MaxPool2D(w, in, range, out);
  });
}

template Result<Run> PrepareAveragePool2DQuantized<int8_t>(const OpContext&);
template Result<Run> PrepareAveragePool2DQuantized<uint8_t>(const OpContext&);
template Result<Run> PrepareAveragePool2DQuantized<int16_t>(const OpContext&);
template Result<Run> PrepareMaxPool2DQuantized<int8_t>(const OpContext&);
template Result<Run> PrepareMaxPool2DQuantized<uint8_t>(const OpContext&);
template Result<Run> PrepareMaxPool2DQuantized<int16_t>(const OpContext&);

}  // namespace qbench::kernels
