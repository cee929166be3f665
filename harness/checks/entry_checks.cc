#include "harness/checks/entry_checks.h"

#include <algorithm>
#include <cstring>

#include "harness/checks/check_host.h"
#include "harness/checks/checked_object.h"
#include "harness/checks/exported_symbols.h"

namespace qbench::checks {
namespace {

using host::PluginKind;

bool IsRuntime(const CheckContext& context) {
  return context.descriptor->kind == PluginKind::kRuntime;
}

// A word in capitals (FILE, NAME) stands for something of the user's.
bool IsPlaceholder(const std::string& word) {
  return word.empty() || std::ranges::none_of(word, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
         });
}

// The parts of "auto|1..9|FILE".
std::vector<std::string> PartsOf(const std::string& values) {
  std::vector<std::string> parts;
  size_t start = 0;
  while (start <= values.size()) {
    const size_t end = std::min(values.find('|', start), values.size());
    parts.push_back(values.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

bool IsRange(const std::string& part) { return part.find("..") != std::string::npos; }

// Words and ranges, so that a value can be wrong: any text may be right where a part of the grammar
// is a placeholder, or where it is no grammar at all.
bool HasWrongValues(const host::OptionInfo& option) {
  const std::vector<std::string> parts = PartsOf(option.values);
  return std::ranges::none_of(parts, IsPlaceholder) && (parts.size() > 1 || IsRange(parts[0]));
}

// Init of a new object with one option.
Result<Answer> InitWith(CheckContext& context, const std::string& name, const std::string& value) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const auto object, CheckedObject::Create(context, host.host()));
  return object->Init({{name, value}});
}

// An option that makes sense with another one only may be refused alone, if the reason names that
// other one.
bool NeedsAnother(const CheckContext& context, const std::string& name, const Answer& answer) {
  return answer.status == QBENCH_INVALID_ARGUMENT &&
         std::ranges::any_of(context.descriptor->options, [&](const host::OptionInfo& option) {
           return option.name != name && answer.error.find(option.name) != std::string::npos;
         });
}

template <typename Function>
auto OfFactory(CheckContext& context, Function&& function) {
  return IsRuntime(context) ? function(context.library->runtime_factory())
                            : function(context.library->quantizer_factory());
}

}  // namespace

Status CheckExports(CheckContext& context) {
  QB_ASSIGN_OR_RETURN(std::vector<std::string> names, ExportedSymbols(context.library->path()));
  if (std::erase(names, "qbench_plugin_entry") == 0) {
    return Broken("qbench_plugin_entry is not among the exported symbols");
  }
  if (!names.empty()) {
    context.Note(fmt::format("it exports {} symbols beside qbench_plugin_entry: {}{}", names.size(),
                             names[0], names.size() > 1 ? ", ..." : ""));
  }
  return OkStatus();
}

Status CheckFactoryIds(CheckContext& context) {
  const qbench_plugin_entry_t* entry = context.library->entry();
  const char* id = IsRuntime(context) ? QBENCH_RUNTIME_FACTORY : QBENCH_QUANTIZER_FACTORY;
  const auto ask = [&](const char* factory) -> Result<const void*> {
    const void* found = nullptr;
    QB_RETURN_IF_ERROR(host::Call(context.observer, context.id(), host::Phase::kEntry, found,
                                  [&] { return entry->get_factory(factory); }));
    return found;
  };
  QB_ASSIGN_OR_RETURN(const void* again, ask(id));
  const void* first = OfFactory(context, [](const auto* f) { return static_cast<const void*>(f); });
  if (again != first) return Broken("get_factory(\"{}\") gave another factory the second time", id);
  for (const char* unknown : {"qbench.factory.nothing/1", ""}) {
    QB_ASSIGN_OR_RETURN(const void* nothing, ask(unknown));
    if (nothing != nullptr) return Broken("get_factory(\"{}\") is not null", unknown);
  }
  return OkStatus();
}

Status CheckDescriptors(CheckContext& context) {
  return OfFactory(context, [&](const auto* factory) -> Status {
    const void* beyond = nullptr;
    QB_RETURN_IF_ERROR(host::Call(context.observer, context.id(), host::Phase::kEntry, beyond, [&] {
      return static_cast<const void*>(factory->get_descriptor(factory->count()));
    }));
    if (beyond != nullptr) return Broken("get_descriptor(count()) is not null");
    for (const host::OptionInfo& option : context.descriptor->options) {
      if (option.name.empty() || option.values.empty() || option.help.empty()) {
        return Broken("option \"{}\" lacks a name, its values or a help text", option.name);
      }
    }
    return OkStatus();
  });
}

Status CheckUnknownId(CheckContext& context) {
  const CheckHost host(context);
  return OfFactory(context, [&](const auto* factory) -> Status {
    auto created = [&] {
      if constexpr (requires { factory->probe; }) {
        return static_cast<qbench_runtime*>(nullptr);
      } else {
        return static_cast<qbench_quantizer*>(nullptr);
      }
    }();
    qbench_status code = QBENCH_INTERNAL;
    QB_RETURN_IF_ERROR(host::Call(context.observer, context.id(), host::Phase::kCreate, code, [&] {
      return factory->create(host.host(), "no_such_plugin", &created);
    }));
    if (code != QBENCH_OK) return OkStatus();
    return Broken("create(\"no_such_plugin\") gave QBENCH_OK");
  });
}

Status CheckCreateCallsNoService(CheckContext& context) {
  const CheckHost host(context);
  const uint64_t before = context.observer->calls();
  QB_ASSIGN_OR_RETURN(const auto object, CheckedObject::Create(context, host.host()));
  if (context.observer->calls() == before) return OkStatus();
  return Broken("create() called a service of the host, which may be called from init() on");
}

Status CheckFactoryThreads(CheckContext& context) {
  return OnThreads(4, [&](int) -> Status {
    for (int i = 0; i < 8; ++i) {
      const CheckHost host(context);
      QB_RETURN_IF_ERROR(CheckDescriptors(context));
      QB_ASSIGN_OR_RETURN(const auto object, CheckedObject::Create(context, host.host()));
      QB_RETURN_IF_ERROR(object->Destroy());
    }
    return OkStatus();
  });
}

Status CheckDestroyInAnyState(CheckContext& context) {
  const std::string_view text = "this is not a model";
  for (const bool init : {false, true}) {
    for (const bool take : {false, true}) {
      const CheckHost host(context);
      QB_ASSIGN_OR_RETURN(const auto object, CheckedObject::Create(context, host.host()));
      if (init) QB_RETURN_IF_ERROR(Must(object->Init(), "init()"));
      if (take) QB_RETURN_IF_ERROR(object->GiveModel(AsBytes(text)).broken);
      QB_RETURN_IF_ERROR(object->Destroy());
    }
  }
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const auto object, CheckedObject::Create(context, host.host()));
  QB_RETURN_IF_ERROR(object->Init({{"no_such_option", "1"}}).broken);
  QB_RETURN_IF_ERROR(object->Destroy());
  if (context.files->model.empty()) return OkStatus();
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  QB_ASSIGN_OR_RETURN(const auto used, CheckedObject::Create(context, host.host()));
  QB_RETURN_IF_ERROR(Must(used->Init(), "init()"));
  QB_RETURN_IF_ERROR(Must(used->GiveModel(model), IsRuntime(context) ? "load()" : "quantize()"));
  return used->Destroy();
}

Status CheckLastError(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const auto object, CheckedObject::Create(context, host.host()));
  const auto check = [&](std::string_view when) -> Status {
    QB_ASSIGN_OR_RETURN(const char* text, object->LastError());
    if (text == nullptr) return Broken("last_error() is null {}", when);
    const size_t size = strnlen(text, host::kMaxTextBytes);
    if (size == host::kMaxTextBytes) return Broken("last_error() does not end {}", when);
    if (std::string_view(text, size).find('\n') == std::string_view::npos) return OkStatus();
    return Broken("last_error() has several lines {}", when);
  };
  QB_RETURN_IF_ERROR(check("after create()"));
  QB_RETURN_IF_ERROR(Must(object->Init(), "init()"));
  QB_RETURN_IF_ERROR(check("after init()"));
  const Answer answer = object->GiveModel(AsBytes(std::string_view("not a model")));
  if (answer.ok() && !IsRuntime(context)) return OkStatus();  // the host reads models before it
  QB_RETURN_IF_ERROR(MustRefuse(answer, {}, "a text file as a model"));
  return check("after a failure");
}

Status CheckUnknownExtension(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const auto object, CheckedObject::Create(context, host.host()));
  for (const char* when : {"after create()", "after init()"}) {
    for (const char* id : {"qbench.plugin.nothing/1", ""}) {
      QB_ASSIGN_OR_RETURN(const void* extension, object->Extension(id));
      if (extension != nullptr) return Broken("get_extension(\"{}\") is not null {}", id, when);
    }
    if (std::string_view(when) == "after create()") {
      QB_RETURN_IF_ERROR(Must(object->Init(), "init()"));
    }
  }
  return OkStatus();
}

Status CheckFacts(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const auto object, CheckedObject::Create(context, host.host()));
  const auto read = [&](std::string_view when) -> Status {
    const Result<std::vector<host::Fact>> facts = object->Facts();
    return facts.ok() ? OkStatus() : facts.status().WithContext(when);
  };
  QB_RETURN_IF_ERROR(read("after create()"));
  QB_RETURN_IF_ERROR(Must(object->Init(), "init()"));
  QB_RETURN_IF_ERROR(read("after init()"));
  if (context.files->model.empty()) return OkStatus();
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  QB_RETURN_IF_ERROR(Must(object->GiveModel(model), "the model"));
  return read("with a model");
}

Status CheckUnknownOption(CheckContext& context) {
  QB_ASSIGN_OR_RETURN(const Answer answer, InitWith(context, "no_such_option", "1"));
  QB_RETURN_IF_ERROR(
      MustRefuse(answer, {QBENCH_INVALID_ARGUMENT}, "init() with the option no_such_option=1"));
  if (answer.error.find("no_such_option") == std::string::npos) {
    return Broken("last_error() does not name the unknown option: \"{}\"", answer.error);
  }
  for (const host::OptionInfo& option : context.descriptor->options) {
    if (answer.error.find(option.name) != std::string::npos) continue;
    return Broken("last_error() does not list the valid option {}: \"{}\"", option.name,
                  answer.error);
  }
  return OkStatus();
}

Status CheckOptionDefaults(CheckContext& context) {
  for (const host::OptionInfo& option : context.descriptor->options) {
    if (option.default_value.empty()) continue;
    const bool chosen = std::ranges::any_of(
        context.options, [&](const host::Option& mine) { return mine.name == option.name; });
    if (chosen) continue;
    QB_ASSIGN_OR_RETURN(const Answer answer, InitWith(context, option.name, option.default_value));
    if (NeedsAnother(context, option.name, answer)) continue;
    QB_RETURN_IF_ERROR(Must(answer, fmt::format("init() with {}={}, which is its default,",
                                                option.name, option.default_value)));
  }
  return OkStatus();
}

Status CheckOptionValues(CheckContext& context) {
  for (const host::OptionInfo& option : context.descriptor->options) {
    const bool chosen = std::ranges::any_of(
        context.options, [&](const host::Option& mine) { return mine.name == option.name; });
    if (chosen) continue;
    if (HasWrongValues(option)) {
      QB_ASSIGN_OR_RETURN(const Answer answer, InitWith(context, option.name, "no-such-value"));
      const std::string what = fmt::format("init() with {}=no-such-value", option.name);
      QB_RETURN_IF_ERROR(MustRefuse(answer, {QBENCH_INVALID_ARGUMENT}, what));
      if (answer.error.find(option.name) == std::string::npos) {
        return Broken("last_error() of {} does not name the option: \"{}\"", what, answer.error);
      }
    }
    const std::vector<std::string> words = PartsOf(option.values);
    for (const std::string& word : words) {
      if (words.size() == 1 || IsPlaceholder(word) || IsRange(word)) continue;
      QB_ASSIGN_OR_RETURN(const Answer answer, InitWith(context, option.name, word));
      const bool refused = answer.status == QBENCH_INVALID_ARGUMENT;
      if (answer.broken.ok() && !refused) continue;  // UNAVAILABLE, say, is no lie
      if (NeedsAnother(context, option.name, answer)) continue;
      QB_RETURN_IF_ERROR(Must(
          answer, fmt::format("init() with {}={}, a value that it lists,", option.name, word)));
    }
  }
  return OkStatus();
}

}  // namespace qbench::checks
