#include "harness/checks/check_host.h"

#include "base/files.h"

namespace qbench::checks {

CheckHost::CheckHost(CheckContext& context, const std::string& name)
    : folder_(context.folder / name),
      inner_(context.id(),
             {.log = [counter = context.observer](int, const std::string&) { counter->CountOne(); },
              .progress = [counter = context.observer](const std::string&, uint64_t,
                                                       uint64_t) { counter->CountOne(); },
              .cancelled =
                  [this, counter = context.observer] {
                    counter->CountOne();
                    const uint64_t question = ++questions_;
                    return cancel && cancel(question);
                  }},
             context.observer),
      table_{*inner_.host(), this} {
  table_.host.get_extension = &CheckHost::GetExtension;
  // What `qbench run` offers: the splits that the descriptor asks for.
  const host::PluginDescriptor& asks = *context.descriptor;
  inner_.OfferSamples(asks.needs_samples ? context.samples : nullptr,
                      asks.needs_train ? context.samples : nullptr);
  if (context.make_inference) inference_ = context.make_inference(&table_.host);
  inner_.OfferInference(inference_.get());
  inner_.OfferEmit(&folder_);
}

const void* CheckHost::GetExtension(const qbench_host* host, const char* id) {
  // The host that a plugin is given is the first member of our table.
  const CheckHost& self = *reinterpret_cast<const Table*>(host)->owner;
  if (id == nullptr) return nullptr;
  const auto replaced = self.replaced.find(id);
  if (replaced != self.replaced.end()) return replaced->second;
  return self.inner_.host()->get_extension(self.inner_.host(), id);
}

Result<Bytes> CheckHost::ArtifactBytes() const {
  if (!folder_.has_artifact()) return Error(StatusCode::kNotFound, "no artifact was emitted");
  return ReadFile(folder_.artifact());
}

}  // namespace qbench::checks
