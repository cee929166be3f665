#include "harness/host/plugin_library.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstddef>
#include <system_error>

#include "harness/host/abi_tables.h"
#include "harness/host/plugin_calls.h"

namespace qbench::host {
namespace {

constexpr const char* kEntrySymbol = "qbench_plugin_entry";
constexpr uint32_t kMaxPluginsPerFile = 256;
constexpr uint32_t kMaxOptions = 256;

Status Broken(const std::filesystem::path& path, const std::string& what) {
  return Error(StatusCode::kCorrupt, "plugin {}: {}: report this to the plugin's author",
               path.string(), what);
}

// The bytes that the file's symbol table gives the entry; 0 where it does not say.
size_t SymbolSize(const void* address) {
  Dl_info info{};
  void* symbol = nullptr;
  if (dladdr1(address, &info, &symbol, RTLD_DL_SYMENT) == 0 || symbol == nullptr) return 0;
  return static_cast<const ElfW(Sym)*>(symbol)->st_size;
}

bool IsNonEmptyLine(const char* text) {
  return text != nullptr && text[0] != '\0' && OneLine(text) == text;
}

Result<OptionInfo> ReadOption(const qbench_option_info* info) {
  if (info == nullptr) return Error(StatusCode::kCorrupt, "is null");
  if (!IsWhole(*info)) {
    return Error(StatusCode::kCorrupt, "says that it has {} bytes, too few for an option",
                 info->struct_size);
  }
  for (const auto& [member, text] :
       {std::pair{"name", info->name}, std::pair{"default_value", info->default_value},
        std::pair{"values", info->values}, std::pair{"help", info->help}}) {
    if (text == nullptr) return Error(StatusCode::kCorrupt, "has no {}", member);
  }
  if (!IsNonEmptyLine(info->name)) return Error(StatusCode::kCorrupt, "has an unusable name");
  return OptionInfo{OneLine(info->name), OneLine(info->default_value), OneLine(info->values),
                    OneLine(info->help)};
}

// What the descriptors of both kinds begin with; `table` may be null.
template <typename Table>
Result<PluginDescriptor> ReadBase(PluginKind kind, const Table* table) {
  PluginDescriptor descriptor;
  descriptor.kind = kind;
  if (table == nullptr) return Error(StatusCode::kCorrupt, "is null");
  const qbench_plugin_descriptor* base = &table->base;
  if (!IsWhole(*table)) {
    return Error(StatusCode::kCorrupt, "says that it has {} bytes, too few for ABI {}.0",
                 base->struct_size, QBENCH_ABI_MAJOR);
  }
  if (base->id == nullptr || !IsPluginId(OneLine(base->id))) {
    return Error(StatusCode::kCorrupt,
                 "has the id \"{}\" (ids are lower-case letters, digits and '_')",
                 OneLine(base->id));
  }
  descriptor.id = OneLine(base->id);
  if (!IsNonEmptyLine(base->version) || !IsNonEmptyLine(base->summary)) {
    return Error(StatusCode::kCorrupt, "({}) needs a version and a summary of one line each",
                 descriptor.id);
  }
  descriptor.version = base->version;
  descriptor.summary = base->summary;
  if (base->option_count > kMaxOptions || (base->option_count > 0 && base->options == nullptr)) {
    return Error(StatusCode::kCorrupt, "({}) claims {} options and has {}", descriptor.id,
                 base->option_count, base->options == nullptr ? "none" : "a limit of 256");
  }
  for (uint32_t i = 0; i < base->option_count; ++i) {
    Result<OptionInfo> option = ReadOption(base->options[i]);
    if (!option.ok()) {
      return option.status().WithContext(fmt::format("({}) option {}", descriptor.id, i));
    }
    descriptor.options.push_back(std::move(option).value());
  }
  return descriptor;
}

Result<PluginDescriptor> Read(const qbench_quantizer_descriptor* table) {
  QB_ASSIGN_OR_RETURN(PluginDescriptor descriptor, ReadBase(PluginKind::kQuantizer, table));
  descriptor.needs_samples = table->needs_samples != 0;
  descriptor.needs_train =
      QBENCH_HAS(qbench_quantizer_descriptor, table, needs_train) && table->needs_train != 0;
  descriptor.baseline = QBENCH_HAS(qbench_quantizer_descriptor, table, flags) &&
                        (table->flags & QBENCH_QUANTIZER_BASELINE) != 0;
  if (QBENCH_HAS(qbench_quantizer_descriptor, table, only_when_named)) {
    descriptor.only_when_named = OneLine(table->only_when_named);
  }
  return descriptor;
}

Result<PluginDescriptor> Read(const qbench_runtime_descriptor* table) {
  QB_ASSIGN_OR_RETURN(PluginDescriptor descriptor, ReadBase(PluginKind::kRuntime, table));
  descriptor.oracle = table->oracle != 0;
  descriptor.calibration = QBENCH_HAS(qbench_runtime_descriptor, table, flags) &&
                           (table->flags & QBENCH_RUNTIME_CALIBRATION) != 0;
  return descriptor;
}

bool HasNull(const qbench_quantizer_factory& factory) {
  return factory.count == nullptr || factory.get_descriptor == nullptr || factory.create == nullptr;
}

bool HasNull(const qbench_runtime_factory& factory) {
  return factory.count == nullptr || factory.get_descriptor == nullptr ||
         factory.probe == nullptr || factory.create == nullptr;
}

bool HasNull(const qbench_quantizer& q) {
  return q.init == nullptr || q.quantize == nullptr || q.last_error == nullptr ||
         q.get_extension == nullptr || q.destroy == nullptr;
}

bool HasNull(const qbench_runtime& r) {
  return r.init == nullptr || r.load == nullptr || r.input_count == nullptr ||
         r.input_info == nullptr || r.output_count == nullptr || r.output_info == nullptr ||
         r.set_input == nullptr || r.invoke == nullptr || r.get_output == nullptr ||
         r.last_error == nullptr || r.get_extension == nullptr || r.destroy == nullptr;
}

// Reads all descriptors of a factory (null: the plugin has none of this kind).
template <typename Factory>
Status ReadDescriptors(CallObserver* observer, const std::filesystem::path& path, PluginKind kind,
                       const Factory* factory, std::vector<PluginDescriptor>& descriptors) {
  if (factory == nullptr) return OkStatus();
  const std::string plugin = path.filename().string();
  const char* name = PluginKindName(kind);
  if (!IsWhole(*factory) || HasNull(*factory)) {
    return Broken(path, fmt::format("its {} factory is truncated or has a null member", name));
  }
  uint32_t count = 0;
  QB_RETURN_IF_ERROR(
      Call(observer, plugin, Phase::kEntry, count, [&] { return factory->count(); }));
  if (count > kMaxPluginsPerFile) {
    return Broken(path,
                  fmt::format("it claims {} {}s (at most {})", count, name, kMaxPluginsPerFile));
  }
  for (uint32_t i = 0; i < count; ++i) {
    decltype(factory->get_descriptor(i)) table = nullptr;
    QB_RETURN_IF_ERROR(
        Call(observer, plugin, Phase::kEntry, table, [&] { return factory->get_descriptor(i); }));
    Result<PluginDescriptor> descriptor = Read(table);
    if (!descriptor.ok()) {
      return Broken(path,
                    fmt::format("{} descriptor {} {}", name, i, descriptor.status().message()));
    }
    for (const PluginDescriptor& other : descriptors) {
      if (other.kind == kind && other.id == descriptor->id) {
        return Broken(path, fmt::format("it has two {}s called {}", name, other.id));
      }
    }
    descriptors.push_back(std::move(descriptor).value());
  }
  return OkStatus();
}

// Makes an object and checks its table.
template <typename Table, typename Factory>
Result<Table*> Create(CallObserver* observer, const std::filesystem::path& path,
                      const Factory* factory, const std::string& id, const qbench_host* host) {
  Table* object = nullptr;
  qbench_status code = QBENCH_INTERNAL;
  QB_RETURN_IF_ERROR(Call(observer, id, Phase::kCreate, code,
                          [&] { return factory->create(host, id.c_str(), &object); }));
  QB_RETURN_IF_ERROR(FromAbi(code, id, Phase::kCreate, nullptr));
  if (object == nullptr) {
    return Broken(path, fmt::format("{}'s create said that all is well and made nothing", id));
  }
  if (!IsWhole(*object) || HasNull(*object)) {
    return Broken(path, fmt::format("{}'s object is truncated or has a null member", id));
  }
  return object;
}

}  // namespace

const char* PluginKindName(PluginKind kind) {
  return kind == PluginKind::kQuantizer ? "quantizer" : "runtime";
}

bool IsPluginId(std::string_view id) {
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_allowed = [&](char c) { return is_lower(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !id.empty() && id.size() <= 64 && is_lower(id.front()) &&
         std::all_of(id.begin(), id.end(), is_allowed);
}

PluginLibrary::PluginLibrary(std::filesystem::path path, CallObserver* observer)
    : path_(std::move(path)), observer_(observer) {}

PluginLibrary::~PluginLibrary() {
  if (!initialized_) return;
  int unused = 0;
  (void)Call(observer_, path_.filename().string(), Phase::kEntry, unused, [&] {
    entry_->deinit();
    return 0;
  });
}

Result<std::shared_ptr<PluginLibrary>> PluginLibrary::Load(const std::filesystem::path& path,
                                                           CallObserver* observer) {
  std::error_code error;
  // An absolute path: dlopen looks a bare name up elsewhere.
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (error || !std::filesystem::is_regular_file(absolute, error)) {
    return Error(StatusCode::kNotFound, "plugin {}: there is no such file", path.string());
  }
  std::shared_ptr<PluginLibrary> library(new PluginLibrary(absolute, observer));
  QB_RETURN_IF_ERROR(library->Open());
  QB_RETURN_IF_ERROR(library->ReadEntry());
  QB_RETURN_IF_ERROR(library->ReadFactories());
  return library;
}

Status PluginLibrary::Open() {
  const std::string plugin = path_.filename().string();
  QB_RETURN_IF_ERROR(Call(observer_, plugin, Phase::kOpen, handle_,
                          [&] { return dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL); }));
  if (handle_ == nullptr) {
    const char* reason = dlerror();
    return Error(StatusCode::kCorrupt,
                 "plugin {}: the system cannot load it ({}): it must be a shared library for this "
                 "processor, with every library that it needs installed",
                 path_.string(), OneLine(reason));
  }
  entry_ = static_cast<const qbench_plugin_entry_t*>(dlsym(handle_, kEntrySymbol));
  if (entry_ == nullptr) {
    return Error(StatusCode::kCorrupt,
                 "plugin {}: it does not export {}: this is no qbench plugin, or it was linked "
                 "with hidden symbols (docs/plugin-abi.md says how to build one)",
                 path_.string(), kEntrySymbol);
  }
  return OkStatus();
}

Status PluginLibrary::ReadEntry() {
  const size_t symbol_size = SymbolSize(entry_);
  constexpr size_t kVersionEnd =
      offsetof(qbench_plugin_entry_t, abi_minor) + sizeof(qbench_plugin_entry_t::abi_minor);
  if (symbol_size != 0 && symbol_size < kVersionEnd) {
    return Broken(
        path_, fmt::format("{} has {} bytes, which is no entry table", kEntrySymbol, symbol_size));
  }
  const int major = entry_->abi_major;
  const int minor = entry_->abi_minor;
  const bool too_new =
      major > QBENCH_ABI_MAJOR || (major == QBENCH_ABI_MAJOR && minor > QBENCH_ABI_MINOR);
  if (too_new || major < QBENCH_ABI_MAJOR) {
    return Error(StatusCode::kUnsupported,
                 "plugin {}: made for plugin ABI {}.{}, too {} for this "
                 "qbench, which has {}.{}: {}",
                 path_.string(), major, minor, too_new ? "new" : "old", QBENCH_ABI_MAJOR,
                 QBENCH_ABI_MINOR,
                 too_new ? "install a newer qbench" : "rebuild it with this qbench's headers");
  }
  const size_t claimed = entry_->struct_size;
  if (!IsWhole(*entry_) || (symbol_size != 0 && symbol_size < claimed)) {
    return Broken(path_, fmt::format("its entry table is truncated: {} bytes claimed, {} exported",
                                     claimed, symbol_size));
  }
  if (entry_->init == nullptr || entry_->deinit == nullptr || entry_->get_factory == nullptr) {
    return Broken(path_, "its entry table has a null member");
  }
  const std::string plugin = path_.filename().string();
  qbench_status code = QBENCH_INTERNAL;
  QB_RETURN_IF_ERROR(
      Call(observer_, plugin, Phase::kEntry, code, [&] { return entry_->init(path_.c_str()); }));
  if (code != QBENCH_OK) {
    return FromAbi(code, plugin, Phase::kInit, nullptr)
        .WithContext(fmt::format("plugin {}", path_.string()));
  }
  initialized_ = true;
  return OkStatus();
}

Status PluginLibrary::ReadFactories() {
  const std::string plugin = path_.filename().string();
  const void* factory = nullptr;
  QB_RETURN_IF_ERROR(Call(observer_, plugin, Phase::kEntry, factory,
                          [&] { return entry_->get_factory(QBENCH_QUANTIZER_FACTORY); }));
  quantizers_ = static_cast<const qbench_quantizer_factory*>(factory);
  QB_RETURN_IF_ERROR(Call(observer_, plugin, Phase::kEntry, factory,
                          [&] { return entry_->get_factory(QBENCH_RUNTIME_FACTORY); }));
  runtimes_ = static_cast<const qbench_runtime_factory*>(factory);
  QB_RETURN_IF_ERROR(
      ReadDescriptors(observer_, path_, PluginKind::kQuantizer, quantizers_, descriptors_));
  QB_RETURN_IF_ERROR(
      ReadDescriptors(observer_, path_, PluginKind::kRuntime, runtimes_, descriptors_));
  if (descriptors_.empty()) return Broken(path_, "it has neither a quantizer nor a runtime");
  return OkStatus();
}

const PluginDescriptor* PluginLibrary::Find(PluginKind kind, std::string_view id) const {
  for (const PluginDescriptor& descriptor : descriptors_) {
    if (descriptor.kind == kind && descriptor.id == id) return &descriptor;
  }
  return nullptr;
}

Status PluginLibrary::RequirePlugin(PluginKind kind, const std::string& id) const {
  if (Find(kind, id) != nullptr) return OkStatus();
  std::vector<std::string> known;
  for (const PluginDescriptor& descriptor : descriptors_) {
    known.push_back(fmt::format("{} {}", PluginKindName(descriptor.kind), descriptor.id));
  }
  return Error(StatusCode::kNotFound, "plugin {}: no {} called {}; it has {}", path_.string(),
               PluginKindName(kind), id, fmt::join(known, ", "));
}

Status PluginLibrary::ProbeRuntime(const std::string& id) {
  QB_RETURN_IF_ERROR(RequirePlugin(PluginKind::kRuntime, id));
  char reason[1024] = "";
  qbench_status code = QBENCH_INTERNAL;
  QB_RETURN_IF_ERROR(Call(observer_, id, Phase::kProbe, code,
                          [&] { return runtimes_->probe(id.c_str(), reason, sizeof(reason)); }));
  reason[sizeof(reason) - 1] = '\0';
  return FromAbi(code, id, Phase::kProbe, reason);
}

Result<Quantizer> PluginLibrary::CreateQuantizer(const std::string& id, const qbench_host* host) {
  QB_RETURN_IF_ERROR(RequirePlugin(PluginKind::kQuantizer, id));
  QB_ASSIGN_OR_RETURN(qbench_quantizer * object,
                      Create<qbench_quantizer>(observer_, path_, quantizers_, id, host));
  return Quantizer(shared_from_this(), id, observer_, object);
}

Result<Runtime> PluginLibrary::CreateRuntime(const std::string& id, const qbench_host* host) {
  QB_RETURN_IF_ERROR(RequirePlugin(PluginKind::kRuntime, id));
  QB_ASSIGN_OR_RETURN(qbench_runtime * object,
                      Create<qbench_runtime>(observer_, path_, runtimes_, id, host));
  return Runtime(shared_from_this(), id, observer_, object);
}

}  // namespace qbench::host
