#include "kernels/reduce_mean.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace qbench::kernels {
namespace {

// Adds every input element to its output's sum, in the order of the input; returns the input's end.
template <typename Element, typename Sum>
const Element* AddUp(const Reduction& reduction, size_t d, const Element* input, Sum* sums) {
  const int64_t stride = reduction.output_stride[d];
  const bool innermost = d + 1 == reduction.rank;
  for (int64_t i = 0; i < reduction.size[d]; ++i, sums += stride) {
    if (innermost) {
      *sums += static_cast<Sum>(*input++);
    } else {
      input = AddUp(reduction, d + 1, input, sums);
    }
  }
  return input;
}

// The largest of the input's elements that belong to each output; returns the input's end.
template <typename Element>
const Element* Compare(const Reduction& reduction, size_t d, const Element* input,
                       Element* largest) {
  const int64_t stride = reduction.output_stride[d];
  const bool innermost = d + 1 == reduction.rank;
  for (int64_t i = 0; i < reduction.size[d]; ++i, largest += stride) {
    if (innermost) {
      *largest = std::max(*largest, *input++);
    } else {
      input = Compare(reduction, d + 1, input, largest);
    }
  }
  return input;
}

Result<Reduction> ReductionOf(const OpContext& context) {
  const graph::Shape& shape = context.input(0).shape();
  const Operand& axes = context.input(1);
  if (shape.empty() || shape.size() > Reduction::kMaxRank) {
    return Error(StatusCode::kUnsupported, "{} dimensions; 1 to {}", shape.size(),
                 Reduction::kMaxRank);
  }
  Reduction reduction;
  reduction.rank = shape.size();
  std::array<bool, Reduction::kMaxRank> reduced{};
  const auto rank = static_cast<int32_t>(shape.size());
  for (int64_t i = 0; i < axes.count(); ++i) {
    const int32_t axis = axes.As<int32_t>()[i];
    reduced[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  int64_t stride = 1;
  for (size_t d = reduction.rank; d-- > 0;) {
    reduction.size[d] = shape[d];
    reduction.output_stride[d] = reduced[d] ? 0 : stride;
    (reduced[d] ? reduction.reduced : stride) *= shape[d];
  }
  reduction.outputs = stride;
  // 16-bit values fit a 32-bit sum this often.
  if (context.op->kind != graph::OpKind::kReduceMax && reduction.reduced > (1 << 15)) {
    return Error(StatusCode::kUnsupported, "a mean over {} values", reduction.reduced);
  }
  return reduction;
}

// multiplier / divisor, without losing its bits: it is shifted up as far as divisor reaches.
graph::QuantizedMultiplier DivideMultiplier(graph::QuantizedMultiplier m, int64_t divisor) {
  int shift = 63 - std::countl_zero(static_cast<uint64_t>(divisor));
  shift = std::min({shift, 32, 31 + m.shift});
  return {static_cast<int32_t>((int64_t{m.multiplier} << shift) / divisor), m.shift - shift};
}

// Over height and width of an image that stays one, LiteRT has a kernel of its own.
bool IsGlobalAveragePool(const OpContext& context, const Reduction& reduction) {
  return context.input(0).shape().size() == 4 && context.output().shape().size() == 4 &&
         reduction.output_stride[1] == 0 && reduction.output_stride[2] == 0 &&
         (reduction.output_stride[3] != 0 || context.input(0).shape()[3] == 1);
}

Result<MeanQuantization> QuantizationOf(const OpContext& context, const Reduction& reduction) {
  const Operand& input = context.input(0);
  const Operand& output = context.output();
  const double real = static_cast<double>(input.scale()) / static_cast<double>(output.scale());
  MeanQuantization q;
  q.input_offset = -static_cast<int32_t>(reduction.reduced) * input.zero_point();
  q.requantize.zero_point = output.zero_point();
  q.requantize.range = RangeOf(graph::Activation::kNone, output);
  QB_ASSIGN_OR_RETURN(const graph::QuantizedMultiplier multiplier, MultiplierOf(real));
  if (context.arithmetic == Arithmetic::kXnnpack) {
    q.requantize.rounding = Rounding::kFloatWithZeroPoint;
    q.requantize.reals = {real / static_cast<double>(reduction.reduced)};
  } else if (context.arithmetic == Arithmetic::kBuiltin &&
             IsGlobalAveragePool(context, reduction) && input.type() != graph::DataType::kInt16) {
    // The input's zero point is taken off after the multiplication, rounded to an integer.
    const float zero = static_cast<float>(input.zero_point()) * input.scale() / output.scale();
    const float scale = input.scale() / (static_cast<float>(reduction.reduced) * output.scale());
    q.channels = static_cast<size_t>(output.shape().back());
    q.input_offset = 0;
    q.requantize.rounding = Rounding::kTwiceUp;
    q.requantize.whole_vectors = q.channels / 16 * 16;
    q.requantize.zero_point -= static_cast<int32_t>(std::round(zero));
    q.requantize.multipliers.assign(q.channels, graph::QuantizeMultiplier(scale));
  } else {
    q.requantize.multipliers = {DivideMultiplier(multiplier, reduction.reduced)};
  }
  return q;
}

}  // namespace

void MeanFloat(const Reduction& reduction, const float* input, float* output) {
  std::fill_n(output, reduction.outputs, 0.0F);
  AddUp(reduction, 0, input, output);
  const auto count = static_cast<float>(reduction.reduced);
  for (int64_t i = 0; i < reduction.outputs; ++i) output[i] /= count;
}

template <typename Element>
void MeanQuantized(const Reduction& reduction, const MeanQuantization& q, const Element* input,
                   int32_t* sums, Element* output) {
  std::fill_n(sums, reduction.outputs, 0);
  AddUp(reduction, 0, input, sums);
  for (int64_t i = 0; i < reduction.outputs; ++i) {
    const auto channel = static_cast<size_t>(i) % q.channels;
    output[i] = static_cast<Element>(q.requantize(sums[i] + q.input_offset, channel));
  }
}

Result<Run> PrepareSumFloat(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Reduction reduction, ReductionOf(context));
  return Run([reduction, in = context.input(0).As<float>(), out = context.output().As<float>()] {
    std::fill_n(out, reduction.outputs, 0.0F);
    AddUp(reduction, 0, in, out);
  });
}

template <typename Element>
Result<Run> PrepareReduceMax(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Reduction reduction, ReductionOf(context));
  return Run(
      [reduction, in = context.input(0).As<Element>(), out = context.output().As<Element>()] {
        std::fill_n(out, reduction.outputs, std::numeric_limits<Element>::lowest());
        Compare(reduction, 0, in, out);
      });
}

Result<Run> PrepareMeanFloat(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Reduction reduction, ReductionOf(context));
  return Run([reduction, in = context.input(0).As<float>(), out = context.output().As<float>()] {
    MeanFloat(reduction, in, out);
  });
}

template <typename Element>
Result<Run> PrepareMeanQuantized(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Reduction reduction, ReductionOf(context));
  QB_ASSIGN_OR_RETURN(const MeanQuantization q, QuantizationOf(context, reduction));
  return Run([reduction, q, in = context.input(0).As<Element>(),
              out = context.output().As<Element>(),
              sums = std::vector<int32_t>(static_cast<size_t>(reduction.outputs))]() mutable {
    MeanQuantized(reduction, q, in, sums.data(), out);
  });
}

template Result<Run> PrepareReduceMax<float>(const OpContext&);
template Result<Run> PrepareReduceMax<int8_t>(const OpContext&);
template Result<Run> PrepareReduceMax<uint8_t>(const OpContext&);
template Result<Run> PrepareReduceMax<int16_t>(const OpContext&);
template Result<Run> PrepareMeanQuantized<int8_t>(const OpContext&);
template Result<Run> PrepareMeanQuantized<uint8_t>(const OpContext&);
template Result<Run> PrepareMeanQuantized<int16_t>(const OpContext&);

}  // namespace qbench::kernels
