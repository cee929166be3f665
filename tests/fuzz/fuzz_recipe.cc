// Recipes, and what they say of a model (quantize/recipe/recipe.h).
#include "quantize/recipe/recipe.h"

#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutate_text.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::fuzz {
namespace {

std::vector<Bytes> Seeds() {
  return {BytesOf(R"([[rule]]
operator = ["CONV_2D", "DEPTHWISE_CONV_2D"]
compute = "float"
[[rule]]
layer = "^tensor_[0-9]+$"
weights = "per-tensor"
[[rule]]
position = "first"
compute = "integer"
activations = "symmetric"
[[rule]]
position = [1, "2-3"]
compute = "float"
)")};
}

bool Run(ByteSpan input) {
  static const graph::Model model = quantize::TinyClassifier();
  const Result<quantize::Recipe> recipe = quantize::ParseRecipe(TextOf(input), "input");
  if (!recipe.ok()) return !Refused(recipe.status());
  quantize::OperatorChoices choices(model.graph.ops.size());
  const Status applied = quantize::ApplyRecipe(*recipe, model, {}, choices);
  return applied.ok() || !Refused(applied);
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"recipe", Seeds, Run, MutateText};
  return target;
}

}  // namespace qbench::fuzz
