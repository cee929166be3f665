// Which operator of one profile is the same layer as which of another.
#pragma once

#include <map>
#include <span>

#include "harness/store/records.h"

namespace qbench::reports {

// The operator of `base` for each of `operators`: the layer of the same name and kind, else (other
// converters rename) the operator of the same kind and place, where there are as many of the kind.
// Refers into both lists, which must outlive it.
class Counterparts {
 public:
  Counterparts(std::span<const store::OperatorProfile> operators,
               std::span<const store::OperatorProfile> base);
  // Null where there is none; steps have none.
  const store::OperatorProfile* Of(const store::OperatorProfile& op) const;

 private:
  std::map<const store::OperatorProfile*, const store::OperatorProfile*> found_;
};

}  // namespace qbench::reports
