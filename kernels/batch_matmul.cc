#include "kernels/batch_matmul.h"

#include <algorithm>

namespace qbench::kernels {
namespace {

// Where each matrix of the product stands in an operand of `shape`: by the product's leading
// dimensions, in order.
std::vector<int64_t> MatricesOf(const graph::Shape& shape, const graph::Shape& output) {
  std::vector<int64_t> places = {0};
  int64_t step = int64_t{shape[shape.size() - 1]} * shape[shape.size() - 2];
  // From the last of them on: each repeats what has been found for those behind it.
  for (size_t back = 3; back <= output.size(); ++back) {
    const int64_t own = back <= shape.size() ? shape[shape.size() - back] : 1;
    const int64_t count = output[output.size() - back];
    const std::vector<int64_t> inner = places;
    for (int64_t i = 1; i < count; ++i) {
      for (const int64_t place : inner) places.push_back(place + (own == 1 ? 0 : i * step));
    }
    step *= own;
  }
  return places;
}

MatrixProduct ProductOf(const OpContext& context) {
  const auto& options = context.options<graph::BatchMatMulOptions>();
  const graph::Shape& a = context.input(0).shape();
  const graph::Shape& b = context.input(1).shape();
  const graph::Shape& output = context.output().shape();
  MatrixProduct product;
  product.rows = output[output.size() - 2];
  product.columns = output[output.size() - 1];
  product.depth = a[a.size() - (options.adj_x ? 2 : 1)];
  product.a_row = options.adj_x ? 1 : product.depth;
  product.a_depth = options.adj_x ? product.rows : 1;
  product.b_depth = options.adj_y ? 1 : product.columns;
  product.b_column = options.adj_y ? product.depth : 1;
  product.a_matrices = MatricesOf(a, output);
  product.b_matrices = MatricesOf(b, output);
  return product;
}

// output[i] = finish(sum of multiply(a, b)).
template <typename Sum, typename Element, typename Multiply, typename Finish>
void ForEachSum(const MatrixProduct& p, const Element* a, const Element* b, Element* output,
                const Multiply& multiply, const Finish& finish) {
  for (size_t m = 0; m < p.a_matrices.size(); ++m) {
    for (int64_t r = 0; r < p.rows; ++r) {
      const Element* row = a + p.a_matrices[m] + r * p.a_row;
      for (int64_t c = 0; c < p.columns; ++c) {
        const Element* column = b + p.b_matrices[m] + c * p.b_column;
        Sum sum = 0;
        for (int64_t d = 0; d < p.depth; ++d) {
          sum += multiply(row[d * p.a_depth], column[d * p.b_depth]);
        }
        *output++ = finish(sum);
      }
    }
  }
}

}  // namespace

void BatchMatMulFloat(const MatrixProduct& product, const float* a, const float* b, float* output) {
  ForEachSum<float>(
      product, a, b, output, [](float x, float y) { return x * y; }, [](float sum) { return sum; });
}

void BatchMatMulInt8(const MatrixProduct& product, const MatMulQuantization& q, const int8_t* a,
                     const int8_t* b, int8_t* output) {
  // Unsigned, since a sum of many products may wrap.
  ForEachSum<uint32_t>(
      product, a, b, output,
      [&](int8_t x, int8_t y) {
        return static_cast<uint32_t>((x - q.a_zero_point) * (y - q.b_zero_point));
      },
      [&](uint32_t sum) {
        return static_cast<int8_t>(q.requantize(static_cast<int32_t>(sum), 0));
      });
}

Result<Run> PrepareBatchMatMulFloat(const OpContext& context) {
  return Run([product = ProductOf(context), a = context.input(0).As<float>(),
              b = context.input(1).As<float>(),
              out = context.output().As<float>()] { BatchMatMulFloat(product, a, b, out); });
}

Result<Run> PrepareBatchMatMulInt8(const OpContext& context) {
  const Operand& a = context.input(0);
  const Operand& b = context.input(1);
  const Operand& output = context.output();
  MatMulQuantization q;
  q.a_zero_point = a.zero_point();
  q.b_zero_point = b.zero_point();
  q.requantize.rounding = context.arithmetic == Arithmetic::kReference
                              ? Rounding::kTwiceAwayFromZero
                              : Rounding::kTwiceUp;
  // The product of the scales is rounded to float, as in TensorFlow Lite.
  const auto scales = static_cast<double>(a.scale() * b.scale());
  QB_ASSIGN_OR_RETURN(const graph::QuantizedMultiplier multiplier,
                      MultiplierOf(scales / static_cast<double>(output.scale())));
  q.requantize.multipliers = {multiplier};
  q.requantize.zero_point = output.zero_point();
  q.requantize.range = RangeOf(graph::Activation::kNone, output);
  return Run([product = ProductOf(context), q, x = a.As<int8_t>(), y = b.As<int8_t>(),
              out = output.As<int8_t>()] { BatchMatMulInt8(product, q, x, y, out); });
}

}  // namespace qbench::kernels
