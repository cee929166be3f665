#include "reports/known_faults.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "fmt/format.h"

namespace qbench::reports {
namespace {

struct Entry {
  std::string_view id;
  std::string_view runtime;                 // the plugin's name
  std::string_view version;                 // its fact library_version: where the fault was seen
  std::array<std::string_view, 2> kernels;  // its fact kernels: either
  std::string_view machine;                 // the host's fact machine
  std::string_view kind;                    // of the operator that it strikes
  std::string_view input_type;
  std::string_view weight_type;
  int64_t most_inputs;    // of a unit, up to which it does not strike
  std::string_view text;  // with {} for the layer's name
};

// Eight sums of 16 bits hold 258 weights of -127 each: 2,064 inputs of a unit (docs/runtimes.md).
constexpr std::array kEntries = {Entry{
    .id = "litert-dynamic-range-16-bit-sums",
    .runtime = "litert",
    .version = "2.3.0",
    .kernels = {"builtin", "reference"},
    .machine = "x86_64",
    .kind = "FULLY_CONNECTED",
    .input_type = "float32",
    .weight_type = "int8",
    .most_inputs = 2064,
    .text = "A known fault of LiteRT 2.3.0 on x86-64: its own kernels add up the int8 weights "
            "of a dynamic range FULLY_CONNECTED layer in 16 bits, which overflows with more "
            "than 2,064 inputs (here \"{}\"). Run the file with litert:kernels=xnnpack, "
            "where the fault is not, or keep that layer in float with a recipe."}};

std::string Fact(const Json& facts, const char* name) {
  const auto fact = facts.find(name);
  return fact != facts.end() && fact->is_string() ? fact->get<std::string>() : "";
}

// Every output of a fully connected layer, a float32, takes one multiplication an input.
int64_t InputsOfAUnit(const store::OperatorProfile& op) {
  constexpr int64_t kOutputBytes = 4;
  return op.bytes_written < kOutputBytes ? 0 : op.macs / (op.bytes_written / kOutputBytes);
}

const store::OperatorProfile* FindStruck(const Entry& entry, const store::CellData& cell) {
  for (const store::Measurement& measurement : cell.measurements) {
    const auto struck = std::ranges::find_if(measurement.operators, [&](const auto& op) {
      return op.kind == entry.kind && op.input_type == entry.input_type &&
             op.weight_type == entry.weight_type && InputsOfAUnit(op) > entry.most_inputs;
    });
    if (struck != measurement.operators.end()) return &*struck;
  }
  return nullptr;
}

}  // namespace

std::optional<KnownFault> FindKnownFault(const RunView& run, const Variant& variant) {
  const Json facts = results::RuntimeFacts(*variant.cell);
  for (const Entry& entry : kEntries) {
    const bool here = variant.summary.runtime == entry.runtime &&
                      Fact(facts, "library_version") == entry.version &&
                      std::ranges::count(entry.kernels, Fact(facts, "kernels")) > 0 &&
                      Fact(run.data->run.host, "machine") == entry.machine;
    if (!here) continue;
    if (const store::OperatorProfile* op = FindStruck(entry, *variant.cell); op != nullptr) {
      return KnownFault{std::string(entry.id), fmt::format(fmt::runtime(entry.text), op->name)};
    }
  }
  return std::nullopt;
}

}  // namespace qbench::reports
