#include "harness/jobs/parent_link.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/json.h"

namespace qbench::jobs {
namespace {

constexpr size_t kMaxPending = size_t{64} << 10;  // many times the longest line
constexpr size_t kMaxReadsAtOnce = 64;            // a plugin that floods the pipe must not hold us

}  // namespace

ParentLink::ParentLink(int descriptor, const JobCallbacks& callbacks)
    : descriptor_(descriptor), callbacks_(callbacks) {
  fcntl(descriptor_, F_SETFL, fcntl(descriptor_, F_GETFL) | O_NONBLOCK);
}

void ParentLink::Drain() {
  char buffer[4096];
  for (size_t i = 0; i < kMaxReadsAtOnce; ++i) {
    const ssize_t got = read(descriptor_, buffer, sizeof(buffer));
    if (got <= 0) return;
    pending_.append(buffer, static_cast<size_t>(got));
    size_t start = 0;
    for (size_t end = 0; (end = pending_.find('\n', start)) != std::string::npos; start = end + 1) {
      PassOn(pending_.substr(start, end - start));
    }
    pending_.erase(0, start);
    if (pending_.size() > kMaxPending) pending_.clear();
  }
}

void ParentLink::PassOn(const std::string& line) {
  const Result<Json> json = ParseJson(line, 4);
  if (!json.ok() || !json->is_array() || json->empty() || !json->front().is_string()) return;
  const Json& fields = *json;
  if (fields[0] == "log" && fields.size() == 3 && fields[1].is_number_integer() &&
      fields[2].is_string()) {
    if (callbacks_.log) callbacks_.log(fields[1].get<int>(), fields[2].get<std::string>());
  } else if (fields[0] == "progress" && fields.size() == 4 && fields[1].is_string() &&
             fields[2].is_number_unsigned() && fields[3].is_number_unsigned()) {
    if (callbacks_.progress) {
      callbacks_.progress(fields[1].get<std::string>(), fields[2].get<uint64_t>(),
                          fields[3].get<uint64_t>());
    }
  }
}

}  // namespace qbench::jobs
