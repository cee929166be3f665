#include "graph/tflite/tflite_obstacles.h"

#include <algorithm>

#include "base/one_line.h"
#include "fmt/ranges.h"

namespace qbench::graph {
namespace {

// So many kinds are named in an error message; `qbench inspect` shows all.
constexpr size_t kMostNamed = 12;
// No real file has as many; it bounds the search among them.
constexpr size_t kMostKinds = 1000;

}  // namespace

void Obstacles::Count(std::vector<Counted>& list, const std::string& what,
                      const std::string& where) {
  auto found = std::ranges::find(list, what, &Counted::what);
  if (found == list.end() && list.size() == kMostKinds) return;
  if (found == list.end()) found = list.insert(list.end(), {what, where, 0});
  ++found->count;
}

void Obstacles::AddOperator(const std::string& kind, const std::string& layer) {
  Count(operators_, SafeName(kind), SafeName(layer));
}

void Obstacles::Add(const std::string& what, const std::string& where) {
  Count(others_, what, where);
}

std::vector<std::string> Obstacles::List() const {
  std::vector<std::string> list;
  std::vector<std::string> kinds;
  for (const Counted& op : operators_) {
    kinds.push_back(op.count == 1 ? fmt::format("{} ('{}')", op.what, op.first)
                                  : fmt::format("{} ({} of them, the first '{}')", op.what,
                                                op.count, op.first));
  }
  if (!kinds.empty()) {
    list.push_back(fmt::format("{} that qbench does not know: {}",
                               kinds.size() == 1 ? "an operator" : "operators",
                               fmt::join(kinds, ", ")));
  }
  for (const Counted& other : others_) {
    list.push_back(other.count == 1 ? fmt::format("{}: {}", other.first, other.what)
                                    : fmt::format("{} and {} more: {}", other.first,
                                                  other.count - 1, other.what));
  }
  return list;
}

Status Obstacles::ToStatus() const {
  if (empty()) return OkStatus();
  Obstacles named = *this;
  named.operators_.resize(std::min(operators_.size(), kMostNamed));
  named.others_.resize(std::min(others_.size(), kMostNamed - named.operators_.size() + 1));
  const size_t left =
      operators_.size() + others_.size() - named.operators_.size() - named.others_.size();
  return Error(StatusCode::kUnsupported, "{}{}", fmt::join(named.List(), "; "),
               left == 0 ? "" : fmt::format("; and {} more (qbench inspect lists all)", left));
}

}  // namespace qbench::graph
