#include "kernels/sigmoid16.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace qbench::kernels {
namespace {

int32_t ToTableScale(TableScale scale, int16_t q) {
  const int64_t half = scale.shift > 0 ? int64_t{1} << (scale.shift - 1) : 0;
  return static_cast<int32_t>((int64_t{q} * scale.multiplier + half) >> scale.shift);
}

// The table at x / 2^fraction_bits, with that many bits more than its 16; `beyond` where it ends.
int32_t Interpolate(const LogisticTable& table, int32_t x, int fraction_bits, int32_t beyond) {
  const auto index = static_cast<size_t>(x >> fraction_bits);
  if (index >= table.size() - 1) return beyond * (1 << fraction_bits);
  const int32_t here = table[index];
  const int32_t next = table[index + 1];
  const int32_t fraction = x & ((1 << fraction_bits) - 1);
  return here * (1 << fraction_bits) + fraction * (next - here);
}

}  // namespace

LogisticTable MakeLogisticTable() {
  const auto logistic = [](double i) { return 65536.0 / (1.0 + std::exp(-i / 24.0)); };
  LogisticTable table{};
  for (size_t i = 0; i < table.size(); ++i) {
    const auto x = static_cast<double>(i);
    const double line = (logistic(x) + logistic(x + 1.0)) / 2.0;
    const double error = logistic(x + 0.5) - line;
    const double value = std::round(logistic(x) + error / 2.0);
    table[i] = static_cast<uint16_t>(std::min(value, 65535.0));
  }
  table.back() = 65535;  // as what is beyond
  return table;
}

Result<TableScale> TableScaleOf(float input_scale) {
  double multiplier = static_cast<double>(input_scale) * 4096.0 * 3.0;
  if (!(multiplier < 65536.0)) {
    return Error(StatusCode::kUnsupported, "an input scale of {}", input_scale);
  }
  TableScale scale;
  while (multiplier <= 32767.0 / 2.0 && scale.shift <= 30) {
    ++scale.shift;
    multiplier *= 2.0;
  }
  scale.multiplier = static_cast<int32_t>(multiplier);
  return scale;
}

int16_t Logistic16(const LogisticTable& table, TableScale scale, int16_t q) {
  constexpr int kFractionBits = 9;
  constexpr int32_t kOne = 1 << (16 + kFractionBits);
  constexpr int32_t kHalfStep = 1 << kFractionBits;  // the result has 10 bits more than the output
  const int32_t x = ToTableScale(scale, q);
  const int32_t value = Interpolate(table, std::abs(x), kFractionBits, 0x7FFF * 2);
  const int32_t rounded = x >= 0 ? value + kHalfStep : kOne - value + kHalfStep - 1;
  return static_cast<int16_t>(rounded >> (kFractionBits + 1));
}

int16_t Tanh16(const LogisticTable& table, TableScale scale, int16_t q) {
  constexpr int kFractionBits = 8;  // half as many: the table is read at 2 x
  constexpr int32_t kHalf = 1 << (15 + kFractionBits);
  constexpr int32_t kHalfStep = 1 << (kFractionBits - 1);
  const int32_t x = ToTableScale(scale, q);
  const int32_t value = Interpolate(table, std::abs(x), kFractionBits, 0xFFFF);
  const int32_t rounded = x >= 0 ? value - kHalf + kHalfStep : kHalf - value + kHalfStep - 1;
  return static_cast<int16_t>(rounded >> kFractionBits);
}

Result<Run> PrepareSigmoid16(const OpContext& context) {
  const Operand& output = context.output();
  if (output.scale() != 0x1p-15F) {
    return Error(StatusCode::kUnsupported, "an output scale of {}; 1/32768 alone", output.scale());
  }
  QB_ASSIGN_OR_RETURN(const TableScale scale, TableScaleOf(context.input(0).scale()));
  const bool tanh = context.op->kind == graph::OpKind::kTanh;
  return Run([table = MakeLogisticTable(), scale, function = tanh ? Tanh16 : Logistic16,
              in = context.input(0).As<int16_t>(), out = output.As<int16_t>(),
              count = output.count()] {
    std::transform(in, in + count, out, [&](int16_t q) { return function(table, scale, q); });
  });
}

}  // namespace qbench::kernels
