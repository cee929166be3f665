#include "reports/counterparts.h"

#include <algorithm>
#include <string>
#include <vector>

namespace qbench::reports {

using store::OperatorProfile;

Counterparts::Counterparts(std::span<const OperatorProfile> operators,
                           std::span<const OperatorProfile> base) {
  std::map<std::string, std::vector<const OperatorProfile*>> mine;
  std::map<std::string, std::vector<const OperatorProfile*>> theirs;
  for (const OperatorProfile& op : operators) mine[op.kind].push_back(&op);
  for (const OperatorProfile& op : base) theirs[op.kind].push_back(&op);
  for (const auto& [kind, ops] : mine) {
    if (kind.empty()) continue;
    const auto& others = theirs[kind];
    for (size_t i = 0; i < ops.size(); ++i) {
      const auto same = std::ranges::find(others, ops[i]->name, &OperatorProfile::name);
      if (same != others.end()) {
        found_[ops[i]] = *same;
      } else if (others.size() == ops.size()) {
        found_[ops[i]] = others[i];
      }
    }
  }
}

const OperatorProfile* Counterparts::Of(const OperatorProfile& op) const {
  const auto found = found_.find(&op);
  return found == found_.end() ? nullptr : found->second;
}

}  // namespace qbench::reports
