// The rules of the plugin ABI that `qbench plugin check` tries on a plugin, by name;
// docs/conformance.md says what each stands for. Each runs in a worker process of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "harness/host/plugin_info.h"

namespace qbench::checks {

class CheckContext;

struct Check {
  std::string_view name;
  // Returns the failure; what is no failure goes into the context.
  Status (*run)(CheckContext& context);
  // What the plugin must have a model for: the check is skipped where it can run none.
  bool needs_model = false;
};

// In the order in which they are run.
std::span<const Check> ChecksFor(host::PluginKind kind);
// Null where there is none.
const Check* FindCheck(host::PluginKind kind, std::string_view name);

// How a check ended.
enum class Verdict {
  kOk,
  kFailed,   // the plugin breaks the contract
  kNote,     // it keeps it, but a user should know
  kSkipped,  // it could not be tried
};
const char* VerdictName(Verdict verdict);  // "ok", "FAILED", "note", "skipped"
std::optional<Verdict> VerdictFromName(std::string_view name);

struct Finding {
  Verdict verdict = Verdict::kOk;
  std::string detail;  // one line; empty for kOk
};

// The operator of CheckFiles::foreign, and its number in TensorFlow Lite's schema, by which a
// plugin may name an operator that it has no name for.
inline constexpr std::string_view kForeignOperator = "COS";
inline constexpr uint8_t kForeignOperatorCode = 108;

// The model files that checks load. Empty: there is none that the plugin can take.
struct CheckFiles {
  std::filesystem::path model;
  std::filesystem::path other;    // another one
  std::filesystem::path large;    // a sound one whose activations take 64 MB
  std::filesystem::path foreign;  // a sound one, of an operator that few plugins know
  std::filesystem::path integer;  // quantized already (for quantizers)
};

}  // namespace qbench::checks
