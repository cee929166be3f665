// LOGISTIC and TANH of 16-bit values, as TensorFlow Lite computes them: a table of the logistic
// function between whose points it is interpolated. One table serves both, for tanh(x) = 2 *
// logistic(2 x) - 1, and only x >= 0 is in it, for logistic(-x) = 1 - logistic(x).
#pragma once

#include <array>
#include <cstdint>

#include "kernels/kernel.h"

namespace qbench::kernels {

// 2^16 / (1 + e^(-i / 24)), each point moved by half of what the straight line to the next one is
// off in the middle, and rounded. The last one, logistic(10.6), is 2^16 - 1, as all beyond.
using LogisticTable = std::array<uint16_t, 256>;
LogisticTable MakeLogisticTable();

// To the table's scale: x = (q * multiplier + half) >> shift, 3 * 2^12 of which are 1.0.
struct TableScale {
  int32_t multiplier = 0;  // at most 2^16 - 1
  int shift = 0;           // 0 to 31
};
// kUnsupported for an input scale so large that 16 bits times the multiplier do not fit 32.
Result<TableScale> TableScaleOf(float input_scale);

// q * input_scale -> 2^15 * logistic or tanh of it.
int16_t Logistic16(const LogisticTable& table, TableScale scale, int16_t q);
int16_t Tanh16(const LogisticTable& table, TableScale scale, int16_t q);

// kLogistic and kTanh; the output's scale must be 2^-15.
Result<Run> PrepareSigmoid16(const OpContext& context);

}  // namespace qbench::kernels
