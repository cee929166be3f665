#include <algorithm>
#include <array>

#include "graph/import/tensorflow/tf_builders.h"
#include "graph/import/tensorflow/tf_fold.h"

namespace qbench::graph::import {
namespace {

std::array<std::span<const TfBuilderEntry>, 10> AllBuilders() {
  return {SourceBuilders(), ConvolutionBuilders(), TransposedBuilders(), DenseBuilders(),
          EinsumBuilders(), ElementwiseBuilders(), ReductionBuilders(),  ShapeBuilders(),
          PartBuilders(),   FakeQuantBuilders()};
}

}  // namespace

TfBuilder FindTfBuilder(std::string_view op) {
  for (const auto builders : AllBuilders()) {
    const auto found = std::ranges::find(builders, op, &TfBuilderEntry::op);
    if (found != builders.end()) return found->build;
  }
  return nullptr;
}

std::vector<std::string_view> KnownTfOperators() {
  std::vector<std::string_view> names;
  for (const auto builders : AllBuilders()) {
    for (const TfBuilderEntry& entry : builders) names.push_back(entry.op);
  }
  for (const auto folds : {ArithmeticFolds(), ShapeFolds()}) {
    for (const TfFoldEntry& entry : folds) names.push_back(entry.op);
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace qbench::graph::import
