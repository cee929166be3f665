// `qbench plugin`: list; check is in plugin_check_command.cc.
#include <boost/program_options/value_semantic.hpp>

#include "base/json.h"
#include "cli/command.h"
#include "cli/litert_option.h"
#include "cli/plugin_text.h"
#include "cli/terminal.h"
#include "harness/plan/aliases.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

using plan::Catalogue;
using plan::InstalledPlugin;

po::options_description CommonOptions() {
  po::options_description options("Options", 100);
  options.add_options()("json", po::bool_switch(), "print the result as JSON");
  AddLitertOption(options);
  return options;
}

Json ToJson(const host::PluginDescriptor& descriptor) {
  Json options = Json::array();
  for (const host::OptionInfo& option : descriptor.options) {
    options.push_back({{"name", option.name},
                       {"default", option.default_value},
                       {"values", option.values},
                       {"help", option.help}});
  }
  return {{"kind", host::PluginKindName(descriptor.kind)},
          {"name", descriptor.id},
          {"version", descriptor.version},
          {"summary", descriptor.summary},
          {"options", options}};
}

Json ToJson(const std::vector<host::Fact>& facts) {
  Json json = Json::object();
  for (const host::Fact& fact : facts) json[fact.name] = fact.value;
  return json;
}

Json ToJson(const Catalogue& catalogue) {
  Json plugins = Json::array();
  for (const InstalledPlugin& plugin : catalogue.plugins) {
    Json json = ToJson(plugin.descriptor);
    json["file"] = plugin.file.string();
    json["sha256"] = plugin.sha256;
    json["available"] = plugin.available;
    json["reason"] = plugin.reason;
    json["facts"] = ToJson(plugin.facts);
    plugins.push_back(std::move(json));
  }
  Json broken = Json::array();
  for (const Catalogue::Broken& file : catalogue.broken) {
    broken.push_back({{"file", file.file.string()}, {"reason", file.reason}});
  }
  Json aliases = Json::array();
  for (const plan::AliasInfo& alias : plan::Aliases()) {
    aliases.push_back({{"name", alias.name}, {"meaning", alias.meaning}});
  }
  return {{"plugins", plugins}, {"aliases", aliases}, {"broken", broken}};
}

Result<ExitStatus> List(const std::vector<std::string>& args) {
  const Help help = {"qbench plugin list [options]",
                     "Shows the quantizers and runtimes that are installed, their options, and\n"
                     "whether they work on this machine.",
                     "qbench plugin list", "Exit status: 0 done, 2 usage or environment error."};
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, help, CommonOptions()));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_RETURN_IF_ERROR(SetLitertLibrary(arguments));
  QB_ASSIGN_OR_RETURN(const Catalogue catalogue, plan::ReadCatalogue(WorkerJobs()));
  Print(arguments.Get<bool>("json") ? DumpJson(ToJson(catalogue)) + "\n"
                                    : FormatCatalogue(catalogue));
  return kDone;
}

}  // namespace

Result<ExitStatus> PluginCommand(const std::vector<std::string>& args) {
  return Dispatch("plugin",
                  {{"list", "show the quantizers and runtimes that are installed", List},
                   {"check", "hold a plugin file against the plugin ABI", PluginCheckCommand}},
                  args);
}

}  // namespace qbench::cli
