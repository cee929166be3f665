// Compares two records field by field, by their field table.
#pragma once

#include <gtest/gtest.h>

#include "harness/store/records.h"

namespace qbench::store {

template <typename Record>
void ExpectSameFields(const Record& a, const Record& b) {
  auto compare = [&](const auto& field) {
    EXPECT_EQ(a.*field.member, b.*field.member) << "field " << field.name;
  };
  std::apply([&](const auto&... field) { (compare(field), ...); }, kFields<Record>);
}

}  // namespace qbench::store
