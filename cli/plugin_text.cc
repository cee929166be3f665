#include "cli/plugin_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "harness/plan/aliases.h"

namespace qbench::cli {
namespace {

using host::OptionInfo;
using plan::Catalogue;
using plan::InstalledPlugin;

bool Same(const OptionInfo& a, const OptionInfo& b) {
  return a.name == b.name && a.values == b.values && a.help == b.help &&
         a.default_value == b.default_value;
}

bool Has(const host::PluginDescriptor& descriptor, const OptionInfo& option) {
  return std::ranges::any_of(descriptor.options,
                             [&](const OptionInfo& each) { return Same(each, option); });
}

std::string FormatOption(const OptionInfo& option) {
  std::string text = fmt::format("{:<14}{}={}  {}", "", option.name, option.values, option.help);
  if (!option.default_value.empty()) text += fmt::format(" (default {})", option.default_value);
  return text + "\n";
}

std::string FormatSummary(const host::PluginDescriptor& descriptor) {
  return fmt::format("  {:<11} {} ({})\n", descriptor.id, descriptor.summary, descriptor.version);
}

// Options that the same plugins have.
struct SharedOptions {
  std::vector<std::string> plugins;
  std::vector<OptionInfo> options;

  std::string Title() const {
    const size_t last = plugins.size() - 1;
    return fmt::format("Options of {} and {}",
                       fmt::join(plugins.begin(), plugins.begin() + static_cast<long>(last), ", "),
                       plugins[last]);
  }
};

class PluginList {
 public:
  PluginList(const Catalogue& catalogue, host::PluginKind kind) {
    for (const InstalledPlugin& plugin : catalogue.plugins) {
      if (plugin.descriptor.kind == kind) plugins_.push_back(&plugin);
    }
    for (const InstalledPlugin* plugin : plugins_) {
      for (const OptionInfo& option : plugin->descriptor.options) Share(option);
    }
    // One or two options are shorter where they are than a title and a reference to it.
    std::erase_if(shared_, [](const SharedOptions& shared) { return shared.options.size() < 3; });
  }

  std::string Format() const {
    std::string text;
    for (const InstalledPlugin* plugin : plugins_) text += FormatOne(*plugin);
    for (const SharedOptions& shared : shared_) {
      text += fmt::format("  {}\n", shared.Title());
      for (const OptionInfo& option : shared.options) text += FormatOption(option);
    }
    return text;
  }

 private:
  void Share(const OptionInfo& option) {
    std::vector<std::string> owners;
    for (const InstalledPlugin* plugin : plugins_) {
      if (Has(plugin->descriptor, option)) owners.push_back(plugin->descriptor.id);
    }
    if (owners.size() < 2) return;
    auto shared = std::ranges::find(shared_, owners, &SharedOptions::plugins);
    if (shared == shared_.end()) shared = shared_.insert(shared_.end(), {owners, {}});
    const bool known = std::ranges::any_of(
        shared->options, [&](const OptionInfo& each) { return Same(each, option); });
    if (!known) shared->options.push_back(option);
  }

  bool IsShared(const OptionInfo& option) const {
    return std::ranges::any_of(shared_, [&](const SharedOptions& shared) {
      return std::ranges::any_of(shared.options,
                                 [&](const OptionInfo& each) { return Same(each, option); });
    });
  }

  std::string FormatOne(const InstalledPlugin& plugin) const {
    std::string text = FormatSummary(plugin.descriptor);
    for (const OptionInfo& option : plugin.descriptor.options) {
      if (!IsShared(option)) text += FormatOption(option);
    }
    for (const SharedOptions& shared : shared_) {
      if (std::ranges::find(shared.plugins, plugin.descriptor.id) == shared.plugins.end()) continue;
      text += fmt::format("{:<14}and the {}, below\n", "", "o" + shared.Title().substr(1));
    }
    if (!plugin.available) text += fmt::format("{:<14}does not work here: {}\n", "", plugin.reason);
    for (const host::Fact& fact : plugin.facts) {
      text += fmt::format("{:<14}{}: {}\n", "", fact.name, fact.value);
    }
    return text;
  }

  std::vector<const InstalledPlugin*> plugins_;
  std::vector<SharedOptions> shared_;
};

}  // namespace

std::string FormatCatalogue(const Catalogue& catalogue) {
  std::string text = "Quantizers\n" + PluginList(catalogue, host::PluginKind::kQuantizer).Format() +
                     "\nRuntimes\n" + PluginList(catalogue, host::PluginKind::kRuntime).Format() +
                     "\nOther names\n";
  for (const plan::AliasInfo& alias : plan::Aliases()) {
    text += fmt::format("  {:<22}{}\n", alias.name, alias.meaning);
  }
  for (const Catalogue::Broken& broken : catalogue.broken) {
    text += fmt::format("\n{} is left out: {}\n", broken.file.string(), broken.reason);
  }
  return text;
}

}  // namespace qbench::cli
