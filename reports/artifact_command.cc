#include "reports/artifact_command.h"

#include <algorithm>
#include <vector>

#include "base/json.h"
#include "base/one_line.h"
#include "harness/store/command_line.h"

namespace qbench::reports {
namespace {

// "my-int8_io_int8.tflite": only what any file system and shell takes.
std::string FileName(const Variant& variant) {
  std::string name = variant.summary.model + "-" + variant.quantizer;
  std::ranges::replace_if(
      name,
      [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return !letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.';
      },
      '_');
  // A file name may have 255 bytes, with what is written beside it.
  if (name.size() > 200) name.resize(200);
  if (name.starts_with('-')) name.front() = '_';
  return name + ".tflite";
}

std::string SettingOf(const store::Run& run, const char* name) {
  const auto setting = run.settings.find(name);
  if (setting == run.settings.end()) return "";
  return setting->is_string() ? setting->get<std::string>() : DumpJson(*setting);
}

}  // namespace

std::vector<std::string> QuantizeCommand(const store::RunData& run, const Variant& variant) {
  std::string model = run.models.at(variant.cell->cell.model_id).path;
  if (model.starts_with('-')) model = "./" + model;
  std::vector<std::string> words = {"qbench", "quantize", model, "--plugins", variant.quantizer};
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  };
  for (const char* option : {"--dataset", "--data", "--litert-library"}) {
    add(option, store::OptionOf(run.run, option));
  }
  // What is the default is not said.
  const std::string runtime = SettingOf(run.run, "calibration_runtime");
  add("--calibration-runtime", runtime == "litert" ? "" : runtime);
  const std::string seed = SettingOf(run.run, "calibration_seed");
  add("--calibration-seed", seed == "0" ? "" : seed);
  add("-o", FileName(variant));
  const bool one_line =
      std::ranges::all_of(words, [](const std::string& word) { return SafeLine(word) == word; });
  return one_line ? words : std::vector<std::string>();
}

}  // namespace qbench::reports
