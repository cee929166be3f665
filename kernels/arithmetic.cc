#include "kernels/arithmetic.h"

#include "kernels/kernel.h"

namespace qbench::kernels {
namespace {

using graph::DataType;
using graph::OpKind;

bool IsByte(DataType type) { return type == DataType::kInt8 || type == DataType::kUInt8; }

// Does LiteRT give this operator to XNNPACK?
bool DelegatedToXnnpack(const OpContext& context) {
  const DataType input = context.input(0).type();
  switch (context.op->kind) {
    case OpKind::kSoftmax:
    case OpKind::kAveragePool2D:
      return false;
    case OpKind::kQuantize:
      return IsByte(context.output().type());
    default:
      return IsByte(input);
  }
}

}  // namespace

Arithmetic OperatorArithmetic(Arithmetic chosen, const OpContext& context) {
  if (chosen != Arithmetic::kXnnpack || DelegatedToXnnpack(context)) return chosen;
  return Arithmetic::kBuiltin;
}

}  // namespace qbench::kernels
