// What `qbench diff` says of a comparison, from its record in the store: which layers stand out, as
// text, JSON and the parts of a page. docs/diff.md explains the figures and the rules.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "harness/store/layer_records.h"
#include "reports/layer_page.h"
#include "reports/variants.h"

namespace qbench::reports {

// Which layers a reader should look at, as indices into LayerComparison::layers.
struct LayerVerdict {
  std::optional<size_t> jump;  // the first at which the error jumps
  std::vector<size_t> keep;    // to keep in float, the noisiest first
};
LayerVerdict JudgeLayers(const store::LayerComparison& comparison);

// "The error jumps first at …", or that no layer stands out.
std::string JumpText(const store::LayerComparison& comparison);

// A recipe (docs/recipes.md) that keeps the noisiest layers in float; empty where none is worth it.
std::string LayerRecipe(const store::LayerComparison& comparison);

// A table of the layers, remarks and the verdict, for a terminal. Ends with a line feed.
std::string LayerText(const store::LayerComparison& comparison);

// The keys of `qbench diff --json` (docs/formats.md).
OrderedJson LayerJson(const store::LayerComparison& comparison);
std::string LayerJsonText(const store::LayerComparison& comparison);  // a line, with its line feed

// "int8.tflite against my.h5" is a headline.
LayerPage LayerPageOf(const store::LayerComparison& comparison, const std::string& headline);

// One line: how the last layer fares, the images in another class, and the jump; or why there is
// no comparison.
std::string LayerSummary(const store::LayerComparison& comparison);

// The comparisons of a run in the order of its cells, by what tells their artifacts apart: "int8",
// with the model's name where there are several.
struct NamedComparison {
  std::string name;
  const store::LayerComparison* comparison;
};
std::vector<NamedComparison> Comparisons(const RunView& run);

}  // namespace qbench::reports
