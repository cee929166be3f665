#include "harness/results/input_doubts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "harness/results/summary.h"
#include "harness/stats/binomial.h"

namespace qbench::results {
namespace {

// What a cell predicted, image by image, and how often which class.
struct Predictions {
  size_t cell = 0;
  std::vector<int32_t> labels;
  std::vector<int32_t> predicted;
  std::vector<int64_t> of_label;  // images of each class
  std::vector<int64_t> of_class;  // predictions of each
  int64_t right = 0;

  int64_t images() const { return static_cast<int64_t>(labels.size()); }
  int64_t classes() const { return static_cast<int64_t>(of_label.size()); }
};

Predictions Collect(const store::RunData& run, size_t cell) {
  const store::Measurement& accuracy = *AccuracyOf(run.cells[cell]);
  const store::DatasetSplit& split = run.splits.at(run.cells[cell].cell.split_id);
  const auto classes = static_cast<int32_t>(split.labels.size());
  Predictions all;
  all.cell = cell;
  all.of_label.resize(split.labels.size());
  all.of_class.resize(split.labels.size());
  const size_t count = std::min(split.images.size(), accuracy.predictions.size());
  for (size_t i = 0; i < count; ++i) {
    const int32_t label = split.images[i].label;
    const int32_t predicted = accuracy.predictions[i];
    if (label < 0 || label >= classes || predicted < 0 || predicted >= classes) continue;
    all.labels.push_back(label);
    all.predicted.push_back(predicted);
    ++all.of_label[static_cast<size_t>(label)];
    ++all.of_class[static_cast<size_t>(predicted)];
    all.right += label == predicted ? 1 : 0;
  }
  return all;
}

InputDoubt Doubt(DoubtKind kind, const Predictions& all) {
  InputDoubt doubt;
  doubt.kind = kind;
  doubt.cell = all.cell;
  doubt.images = all.images();
  doubt.right = all.right;
  return doubt;
}

bool DoubtLabels(const Predictions& all, std::vector<InputDoubt>* doubts) {
  auto cycles =
      stats::FindLabelCycles(all.labels, all.predicted, static_cast<int32_t>(all.classes()));
  if (cycles.empty()) return false;
  InputDoubt doubt = Doubt(DoubtKind::kLabelOrder, all);
  doubt.p = std::ranges::max_element(cycles, {}, &stats::LabelCycle::p)->p;
  doubt.cycles = std::move(cycles);
  doubts->push_back(std::move(doubt));
  return true;
}

// What luck has right: a guess among the classes, or these predictions dealt out anew.
double Chance(const Predictions& all) {
  double dealt = 0;
  for (size_t i = 0; i < all.of_label.size(); ++i) {
    dealt += static_cast<double>(all.of_label[i]) * static_cast<double>(all.of_class[i]);
  }
  const auto images = static_cast<double>(all.images());
  return std::max(1.0 / static_cast<double>(all.classes()), dealt / (images * images));
}

void DoubtSkill(const Predictions& all, std::vector<InputDoubt>* doubts) {
  InputDoubt doubt = Doubt(DoubtKind::kChance, all);
  doubt.chance = Chance(all);
  doubt.p = stats::AtLeast(all.right, all.images(), doubt.chance);
  const double skilled = doubt.chance + (1 - doubt.chance) * kSkill;
  if (doubt.p <= kLuckLevel || stats::AtMost(all.right, all.images(), skilled) >= kDoubtLevel) {
    return;
  }
  doubts->push_back(std::move(doubt));
}

void DoubtMissing(const Predictions& all, std::vector<InputDoubt>* doubts) {
  InputDoubt doubt = Doubt(DoubtKind::kNeverPredicted, all);
  doubt.p = 0;
  for (size_t i = 0; i < all.of_label.size(); ++i) {
    if (all.of_class[i] > 0) continue;
    const double p =
        stats::AtMost(0, all.of_label[i], kFoundShare) * static_cast<double>(all.classes());
    if (p >= kDoubtLevel) continue;
    doubt.classes.push_back(static_cast<int32_t>(i));
    doubt.of_classes += all.of_label[i];
    doubt.p = std::max(doubt.p, p);
  }
  if (!doubt.classes.empty()) doubts->push_back(std::move(doubt));
}

// Of two classes alone, one may be hard to find. True where it was told.
bool DoubtFavourite(const Predictions& all, std::vector<InputDoubt>* doubts) {
  if (all.classes() < 3) return false;
  const auto most = std::ranges::max_element(all.of_class);
  const auto favourite = static_cast<int32_t>(most - all.of_class.begin());
  int64_t others = 0;
  int64_t put_there = 0;
  for (size_t i = 0; i < all.labels.size(); ++i) {
    if (all.labels[i] == favourite) continue;
    ++others;
    put_there += all.predicted[i] == favourite ? 1 : 0;
  }
  InputDoubt doubt = Doubt(DoubtKind::kAlwaysPredicted, all);
  doubt.p = std::min(
      1.0, stats::AtLeast(put_there, others, kFoundShare) * static_cast<double>(all.classes()));
  // Where nearly all images are of one class, the others may well be taken for it.
  if (doubt.p >= kDoubtLevel || 2 * others < all.images()) return false;
  doubt.classes = {favourite};
  doubt.of_classes = others;
  doubt.predicted = put_there;
  doubts->push_back(std::move(doubt));
  return true;
}

void DoubtSureness(const store::CellData& cell, const Predictions& all,
                   std::vector<InputDoubt>* doubts) {
  const int64_t sure = SureCount(cell, *AccuracyOf(cell));
  const int64_t wrong = all.images() - all.right;
  InputDoubt doubt = Doubt(DoubtKind::kSureAndWrong, all);
  doubt.share = static_cast<double>(sure) / static_cast<double>(all.images());
  doubt.p = stats::AtLeast(wrong, all.images(), kSurelyWrong);
  if (doubt.share < kSureShare || doubt.p >= kDoubtLevel) return;
  doubts->push_back(std::move(doubt));
}

// The rest reads what stands in the database as text: anything may be there.
std::optional<double> NumberIn(const Json& object, const char* name) {
  if (!object.is_object()) return std::nullopt;
  const auto value = object.find(name);
  if (value == object.end() || !value->is_number()) return std::nullopt;
  const auto number = value->get<double>();
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::vector<double> NumbersIn(const Json& object, const char* name) {
  std::vector<double> numbers;
  const auto list = object.find(name);
  if (list == object.end() || !list->is_array()) return numbers;
  for (const Json& value : *list) {
    if (value.is_number()) numbers.push_back(value.get<double>());
  }
  return numbers;
}

// A part of what the accuracy's worker learned of the input; null where it is not there.
const Json* InputPart(const store::CellData& cell, const char* part) {
  const store::Measurement* accuracy = AccuracyOf(cell);
  if (accuracy == nullptr || !accuracy->conditions.is_object()) return nullptr;
  const auto input = accuracy->conditions.find("input");
  if (input == accuracy->conditions.end() || !input->is_object()) return nullptr;
  const auto found = input->find(part);
  return found == input->end() || !found->is_object() ? nullptr : &*found;
}

void TakeBest(const Json& fit, InputDoubt* doubt) {
  const auto others = fit.find("others");
  if (others == fit.end() || !others->is_array()) return;
  for (const Json& other : *others) {
    const auto divergence = NumberIn(other, "divergence");
    if (!divergence || (doubt->better && *divergence >= doubt->better_divergence)) continue;
    Scaling scaling{NumbersIn(other, "mean"), NumbersIn(other, "std")};
    if (scaling.mean.empty() || scaling.mean.size() != scaling.std.size()) continue;
    doubt->better = std::move(scaling);
    doubt->better_divergence = *divergence;
  }
}

void DoubtScaling(const store::CellData& cell, size_t index, std::vector<InputDoubt>* doubts) {
  const Json* fit = InputPart(cell, "fit");
  if (fit == nullptr) return;
  const auto images = NumberIn(*fit, "images");
  const auto divergence = NumberIn(*fit, "divergence");
  if (!images || !divergence || *images < kLeastFitImages) return;
  if (*divergence <= kUsualDivergence) return;
  InputDoubt doubt;
  doubt.kind = DoubtKind::kScaling;
  doubt.cell = index;
  doubt.images = static_cast<int64_t>(std::min(*images, 1e15));
  doubt.divergence = *divergence;
  const auto layer = fit->find("layer");
  if (layer != fit->end() && layer->is_string()) doubt.layer = layer->get<std::string>();
  TakeBest(*fit, &doubt);
  const bool fits = doubt.better && doubt.better_divergence * kClearlyBetter < *divergence;
  if (!fits) doubt.better.reset();
  if (fits || *divergence > kImpossibleDivergence) doubts->push_back(std::move(doubt));
}

bool DoubtRange(const store::CellData& cell, size_t index, std::vector<InputDoubt>* doubts) {
  const Json* reach = InputPart(cell, "reach");
  if (reach == nullptr) return false;
  const auto outside = NumberIn(*reach, "outside");
  if (!outside || *outside <= kUsualOutside) return false;
  InputDoubt doubt;
  doubt.kind = DoubtKind::kRange;
  doubt.cell = index;
  doubt.share = *outside;
  doubt.low = NumberIn(*reach, "low").value_or(0);
  doubt.high = NumberIn(*reach, "high").value_or(0);
  doubt.pixels_low = NumberIn(*reach, "pixels_low").value_or(0);
  doubt.pixels_high = NumberIn(*reach, "pixels_high").value_or(0);
  doubts->push_back(std::move(doubt));
  return true;
}

// The cell that tells of a model's input: its first float one, or else the most accurate.
size_t Teller(const store::RunData& run, const std::vector<size_t>& cells) {
  std::optional<size_t> best;
  int64_t best_right = -1;
  for (const size_t cell : cells) {
    if (IsFloatCell(run, run.cells[cell])) return cell;
    const int64_t right = Collect(run, cell).right;
    if (right > best_right) best = cell;
    best_right = std::max(best_right, right);
  }
  return *best;
}

void DoubtPredictions(const store::CellData& cell, const Predictions& all,
                      std::vector<InputDoubt>* doubts) {
  if (all.images() == 0 || all.classes() < 2 || DoubtLabels(all, doubts)) return;
  DoubtSkill(all, doubts);
  if (!DoubtFavourite(all, doubts)) DoubtMissing(all, doubts);
  DoubtSureness(cell, all, doubts);
}

}  // namespace

std::string_view Name(DoubtKind kind) {
  switch (kind) {
    case DoubtKind::kLabelOrder:
      return "label_order";
    case DoubtKind::kScaling:
      return "scaling";
    case DoubtKind::kRange:
      return "range";
    case DoubtKind::kChance:
      return "chance";
    case DoubtKind::kNeverPredicted:
      return "never_predicted";
    case DoubtKind::kAlwaysPredicted:
      return "always_predicted";
    case DoubtKind::kSureAndWrong:
      return "sure_and_wrong";
  }
  return "";
}

int64_t SureCount(const store::CellData& cell, const store::Measurement& accuracy) {
  if (!cell.in_short.empty()) {
    return cell.in_short.at(static_cast<size_t>(&accuracy - cell.measurements.data())).sure;
  }
  return std::ranges::count_if(accuracy.confidences, [](float score) { return score > kSure; });
}

std::vector<InputDoubt> FindInputDoubts(const store::RunData& run) {
  std::map<std::pair<int64_t, int64_t>, std::vector<size_t>> groups;  // by model and split
  std::vector<std::vector<size_t>*> in_order;
  for (size_t i = 0; i < run.cells.size(); ++i) {
    if (AccuracyOf(run.cells[i]) == nullptr) continue;
    const store::Cell& cell = run.cells[i].cell;
    std::vector<size_t>& group = groups[{cell.model_id, cell.split_id}];
    if (group.empty()) in_order.push_back(&group);
    group.push_back(i);
  }
  std::vector<InputDoubt> doubts;
  for (const std::vector<size_t>* group : in_order) {
    const size_t teller = Teller(run, *group);
    DoubtScaling(run.cells[teller], teller, &doubts);
    for (const size_t cell : *group) {
      if (DoubtRange(run.cells[cell], cell, &doubts)) break;
    }
    DoubtPredictions(run.cells[teller], Collect(run, teller), &doubts);
  }
  return doubts;
}

}  // namespace qbench::results
