// How the IR's names and the file format's correspond, for the reader and the writer. Internal to
// graph/: nothing outside may include it, since flatbuffers is private to this library.
#pragma once

#include <optional>
#include <string>

#include "graph/ir.h"
#include "tflite_generated.h"

namespace qbench::graph {

// An element type; nullopt: one that the IR does not have.
std::optional<DataType> TypeOfCode(int8_t code);
int8_t CodeOf(DataType type);

// A builtin operator; nullopt: one that the IR does not have.
std::optional<OpKind> OperatorOfCode(int32_t code);
int32_t CodeOf(OpKind kind);

// nullopt where the value is none of the format's, or an activation that the IR does not have.
std::optional<Padding> FromWire(wire::Padding padding);
wire::Padding ToWire(Padding padding);
std::optional<Activation> FromWire(wire::ActivationFunctionType activation);
wire::ActivationFunctionType ToWire(Activation activation);

// The operator that a code stands for: new files have it in one field, old ones in the other.
int32_t BuiltinCode(const wire::OperatorCode& code);

// "CONV_2D", also of what the IR does not have (tflite_names.h); a custom operator's own name.
std::string OperatorName(const wire::OperatorCode& code);

}  // namespace qbench::graph
