// The host that a checked plugin sees: qbench's own, with services that can be taken away, made to
// fail or told to cancel. Internal to harness/checks.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>

#include "harness/checks/check_context.h"

namespace qbench::checks {

class CheckHost {
 public:
  // What the plugin emits goes into a folder called `name` of the context's.
  explicit CheckHost(CheckContext& context, const std::string& name = "artifact");
  CheckHost(const CheckHost&) = delete;
  CheckHost& operator=(const CheckHost&) = delete;

  const qbench_host* host() const { return &table_.host; }
  // Services that are another one, or (null) that this host does not have. Set before use.
  std::map<std::string, const void*> replaced;
  // Asked with the number of questions so far; empty: never.
  std::function<bool(uint64_t)> cancel;
  uint64_t questions() const { return questions_; }

  const host::ArtifactFolder& artifact() const { return folder_; }
  // Of the artifact; kNotFound where none was emitted.
  Result<Bytes> ArtifactBytes() const;

 private:
  struct Table {
    qbench_host host;
    CheckHost* owner;
  };
  static const void* GetExtension(const qbench_host* host, const char* id);

  host::ArtifactFolder folder_;
  host::PluginHost inner_;
  std::unique_ptr<host::InferenceService> inference_;
  std::atomic<uint64_t> questions_ = 0;
  Table table_;
};

}  // namespace qbench::checks
