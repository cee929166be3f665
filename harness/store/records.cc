#include "harness/store/records.h"

#include <array>
#include <cstddef>

namespace qbench::store {
namespace {

// The names, indexed by the enumerators.
constexpr std::array<std::string_view, 7> kOutcomes = {
    "", "ok", "unsupported", "failed", "crashed", "timeout", "invalid"};
constexpr std::array<std::string_view, 2> kPluginKinds = {"quantizer", "runtime"};
constexpr std::array<std::string_view, 4> kMeasurementKinds = {"quantize", "accuracy", "latency",
                                                               "profile"};
constexpr std::array<std::string_view, 2> kNoteSeverities = {"info", "warning"};
constexpr std::array<std::string_view, 2> kPeakKinds = {"multiply_add", "bandwidth"};

template <typename Names, typename Enum>
bool Find(const Names& names, std::string_view name, Enum* value) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] != name) continue;
    *value = static_cast<Enum>(i);
    return true;
  }
  return false;
}

}  // namespace

std::string_view Name(Outcome value) { return kOutcomes.at(static_cast<size_t>(value)); }
std::string_view Name(PluginKind value) { return kPluginKinds.at(static_cast<size_t>(value)); }
std::string_view Name(MeasurementKind value) {
  return kMeasurementKinds.at(static_cast<size_t>(value));
}
std::string_view Name(NoteSeverity value) { return kNoteSeverities.at(static_cast<size_t>(value)); }
std::string_view Name(PeakKind value) { return kPeakKinds.at(static_cast<size_t>(value)); }

bool FromName(std::string_view name, Outcome* value) { return Find(kOutcomes, name, value); }
bool FromName(std::string_view name, PluginKind* value) { return Find(kPluginKinds, name, value); }
bool FromName(std::string_view name, MeasurementKind* value) {
  return Find(kMeasurementKinds, name, value);
}
bool FromName(std::string_view name, NoteSeverity* value) {
  return Find(kNoteSeverities, name, value);
}
bool FromName(std::string_view name, PeakKind* value) { return Find(kPeakKinds, name, value); }

}  // namespace qbench::store
