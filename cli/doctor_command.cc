// `qbench doctor`: is this machine fit to measure on?
#include <boost/program_options/value_semantic.hpp>

#include "base/containment.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/litert_option.h"
#include "cli/terminal.h"
#include "fmt/ranges.h"
#include "harness/measure/fitness.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

using measure::Check;
using measure::Fitness;

struct Section {
  std::string title;
  std::vector<Check> checks;
};

struct Diagnosis {
  std::vector<measure::HostFact> facts;
  std::vector<Section> sections;
  std::vector<store::MachinePeak> peaks;

  std::vector<std::string> Names(Fitness level) const {
    std::vector<std::string> names;
    for (const Section& section : sections) {
      for (const Check& check : section.checks) {
        if (check.level == level) names.push_back(check.name);
      }
    }
    return names;
  }
};

po::options_description DoctorOptions() {
  po::options_description options("Options", 100);
  options.add_options()("json", po::bool_switch(), "print the result as JSON")(
      "no-peak", po::bool_switch(),
      "leave out the measurement of the machine's peak, which takes a second");
  AddLitertOption(options);
  AddDatabaseOption(options);
  AddFolderOptions(options);
  return options;
}

Check CheckRuntime(const plan::InstalledPlugin& plugin) {
  if (!plugin.available) {
    // The reason of a missing library names the next step itself.
    return {plugin.descriptor.id, plugin.failed ? Fitness::kError : Fitness::kWarning,
            "does not work here: " + plugin.reason,
            fmt::format("see `qbench plugin check {}`", plugin.file.string())};
  }
  std::string text = plugin.descriptor.oracle ? "works; slow, for checking" : "works";
  for (const host::Fact& fact : plugin.facts) {
    if (fact.name == "library_version") text += ", version " + fact.value;
    if (fact.name == "library_path") text += ", " + fact.value;
  }
  return {plugin.descriptor.id, Fitness::kOk, text};
}

// What keeps a plugin from doing harm. Where the kernel does not help, qbench still ends what a
// plugin started; so it is no fault of the machine.
Check CheckContainment() {
  if (!ContainmentIsWanted()) {
    return {"containment", Fitness::kWarning, "plugins have the network and the user's rights",
            "unset QBENCH_CONTAIN, unless a plugin needs them"};
  }
  const Containment found = FindContainment();
  std::vector<std::string> held;
  std::vector<std::string> missing;
  (found.own_processes ? held : missing).emplace_back("see and signal their own processes alone");
  (found.no_network ? held : missing).emplace_back("have no network");
  (found.own_folders ? held : missing).emplace_back("write in their own folder alone");
  return {"containment", Fitness::kOk,
          fmt::format("plugins {}", held.empty() ? "are ended with all that they started"
                                                 : fmt::format("{}", fmt::join(held, ", "))),
          missing.empty() ? std::string()
                          : fmt::format("this kernel does not see to it that they {}",
                                        fmt::join(missing, ", "))};
}

Result<Section> CheckPlugins() {
  Section section{"Runtimes and quantizers", {}};
  const Result<plan::Catalogue> catalogue = plan::ReadCatalogue(WorkerJobs());
  if (catalogue.status().code() == StatusCode::kCancelled) return catalogue.status();
  if (!catalogue.ok()) {
    section.checks.push_back({"plugins", Fitness::kError, catalogue.status().message(),
                              "build or install qbench's plugins, or set QBENCH_PLUGIN_PATH"});
    return section;
  }
  bool fast = false;
  size_t quantizers = 0;
  for (const plan::InstalledPlugin& plugin : catalogue->plugins) {
    if (plugin.descriptor.kind == host::PluginKind::kQuantizer) {
      ++quantizers;
      continue;
    }
    section.checks.push_back(CheckRuntime(plugin));
    fast = fast || (plugin.available && !plugin.descriptor.oracle);
  }
  if (!fast) {
    section.checks.push_back({"runtimes", Fitness::kError, "none but slow ones for checking",
                              "get LiteRT's library with scripts/setup.sh"});
  }
  section.checks.push_back(CheckContainment());
  section.checks.push_back(
      quantizers > 0
          ? Check{"quantizers", Fitness::kOk, std::to_string(quantizers)}
          : Check{"quantizers", Fitness::kError, "none", "build or install qbench's plugins"});
  for (const plan::Catalogue::Broken& broken : catalogue->broken) {
    section.checks.push_back(
        {"plugin", Fitness::kWarning,
         fmt::format("{} is left out: {}", broken.file.string(), broken.reason),
         "replace or remove the file"});
  }
  return section;
}

Section CheckDatasets(const plan::Folders& folders) {
  Section section{"Data sets", {}};
  bool usable = false;
  for (const datasets::DatasetSummary& summary : datasets::ListDatasets(folders.datasets)) {
    std::string text = summary.kind;
    for (const auto& [name, split] : summary.splits) {
      text += fmt::format(", {} {}", split.images, name);
    }
    usable = usable || !summary.folder.empty();
    // One that was not imported is no fault; its note says how to.
    section.checks.push_back({summary.name, Fitness::kOk, text, summary.note});
  }
  if (!usable) {
    section.checks.push_back({"data sets", Fitness::kError, "none",
                              "name a folder of images with --dataset, or import one "
                              "(qbench dataset import --help)"});
  }
  return section;
}

Result<Diagnosis> Examine(const Arguments& arguments) {
  QB_RETURN_IF_ERROR(SetLitertLibrary(arguments));
  QB_ASSIGN_OR_RETURN(const plan::Folders folders, FoldersOf(arguments));
  Diagnosis diagnosis;
  diagnosis.facts = measure::ReadHostFacts();
  // Before anything that would heat the board up or show as load.
  diagnosis.sections.push_back(
      {"Machine", measure::CheckMachine(diagnosis.facts, measure::ReadConditions())});
  if (!arguments.Get<bool>("no-peak")) {
    Section section{"Peak", {}};
    const Result<measure::MachinePeaks> peaks = measure::MeasureMachinePeaks();
    if (peaks.status().code() == StatusCode::kCancelled) return peaks.status();
    if (peaks.ok()) {
      section.checks = measure::CheckPeaks(*peaks);
      diagnosis.peaks = peaks->peaks;
    } else {
      section.checks.push_back(
          {"peak", Fitness::kError, peaks.status().message(), "leave it out with --no-peak"});
    }
    diagnosis.sections.push_back(std::move(section));
  }
  QB_ASSIGN_OR_RETURN(Section plugins, CheckPlugins());
  diagnosis.sections.push_back(std::move(plugins));
  diagnosis.sections.push_back(CheckDatasets(folders));
  diagnosis.sections.push_back(
      {"Disk",
       {measure::CheckDisk("cache", folders.cache),
        measure::CheckDisk("database",
                           std::filesystem::absolute(DatabaseOf(arguments)).parent_path())}});
  return diagnosis;
}

std::string Verdict(const Diagnosis& diagnosis) {
  const std::vector<std::string> errors = diagnosis.Names(Fitness::kError);
  const std::vector<std::string> warnings = diagnosis.Names(Fitness::kWarning);
  const auto list = [](const std::vector<std::string>& names) {
    return fmt::format("{}", fmt::join(names, ", "));
  };
  std::string text =
      errors.empty() ? "Fit to measure on" : "Not fit to measure on: mend " + list(errors);
  if (warnings.size() == 1) text += "; one warning: " + warnings[0];
  if (warnings.size() > 1)
    text += fmt::format("; {} warnings: {}", warnings.size(), list(warnings));
  return text + ".\n";
}

std::string Format(const Diagnosis& diagnosis) {
  std::string text;
  for (const Section& section : diagnosis.sections) {
    text += section.title + "\n";
    for (const Check& check : section.checks) {
      text += fmt::format("  {:<6}{:<16}{}\n", FitnessName(check.level), check.name, check.text);
      if (!check.remedy.empty()) text += fmt::format("{:<24}→ {}\n", "", check.remedy);
    }
    text += "\n";
  }
  return text + Verdict(diagnosis);
}

Json ToJson(const Diagnosis& diagnosis) {
  Json json = {{"fit", diagnosis.Names(Fitness::kError).empty()},
               {"errors", diagnosis.Names(Fitness::kError)},
               {"warnings", diagnosis.Names(Fitness::kWarning)},
               {"host_id", measure::HostId(diagnosis.facts)},
               {"host", Json::object()},
               {"checks", Json::array()},
               {"machine_peaks", Json::array()}};
  for (const measure::HostFact& fact : diagnosis.facts) json["host"][fact.name] = fact.value;
  for (const Section& section : diagnosis.sections) {
    for (const Check& check : section.checks) {
      json["checks"].push_back({{"section", section.title},
                                {"name", check.name},
                                {"level", FitnessName(check.level)},
                                {"text", check.text},
                                {"remedy", check.remedy}});
    }
  }
  for (const store::MachinePeak& peak : diagnosis.peaks) {
    json["machine_peaks"].push_back({{"kind", store::Name(peak.kind)},
                                     {"type", peak.type},
                                     {"threads", peak.threads},
                                     {"per_second", peak.per_second},
                                     {"compiled_for", peak.compiled_for}});
  }
  return json;
}

}  // namespace

Result<ExitStatus> DoctorCommand(const std::vector<std::string>& args) {
  const Help help = {
      "qbench doctor [options]",
      "Says whether this machine is fit to measure on: its state (clock, throttling, load,\n"
      "memory), what it can do at best, the runtimes that work, the data sets, room on the disk.\n"
      "Each line is ok, warn or error; what can be mended has its remedy below.",
      "qbench doctor",
      "Exit status: 0 fit, with or without warnings; 2 a line is an error, or a usage error."};
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, help, DoctorOptions()));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const Diagnosis diagnosis, Examine(arguments));
  Print(arguments.Get<bool>("json") ? DumpJson(ToJson(diagnosis)) + "\n" : Format(diagnosis));
  return diagnosis.Names(Fitness::kError).empty() ? kDone : kUsageError;
}

}  // namespace qbench::cli
