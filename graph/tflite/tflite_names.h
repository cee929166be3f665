// The names of the .tflite format's operators and element types, those included that qbench does
// not read: a message or a list of a foreign file names what stands in it. What the IR has goes by
// the same names, so these tables are also how its operators and types are written as numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace qbench::graph {

// The code of a custom operator, which has a name of its own.
inline constexpr int32_t kCustomOperatorCode = 32;

// "CONV_2D" of code 3, as LiteRT's schema names it; "BUILTIN_400" of one that came later than this
// table (LiteRT 2.3).
std::string BuiltinOperatorName(int32_t code);
// The other way round; -1 where the table has no operator of that name.
int32_t BuiltinOperatorCode(std::string_view name);

// "float32", "string", …; "type 99" of one that came later.
std::string ElementTypeName(int32_t type);
int32_t ElementTypeCode(std::string_view name);

// "RELU6", "TANH", …: an activation that is fused into another operator.
std::string FusedActivationName(int32_t activation);

// What a custom operator says of where its file can run, with what to do: of an Edge TPU's and of
// TensorFlow's own ("FlexErf"). Empty of others.
std::string CustomOperatorAdvice(std::string_view name);

}  // namespace qbench::graph
