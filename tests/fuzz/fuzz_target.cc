#include "tests/fuzz/fuzz_target.h"

#include <cstdio>
#include <cstdlib>

namespace qbench::fuzz {
namespace {

std::string last_refusal;

}  // namespace

const std::string& LastRefusal() { return last_refusal; }

void Fail(std::string_view what) {
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(Target().name.size()), Target().name.data(),
               static_cast<int>(what.size()), what.data());
  std::abort();
}

bool Refused(const Status& status) {
  last_refusal = status.message();
  switch (status.code()) {
    case StatusCode::kCorrupt:
    case StatusCode::kUnsupported:
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotFound:
      return true;
    default:
      Fail("not the input's fault: " + status.message());
  }
}

}  // namespace qbench::fuzz
