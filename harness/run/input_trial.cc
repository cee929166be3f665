#include "harness/run/input_trial.h"

#include <algorithm>
#include <map>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "harness/plan/preprocessing_check.h"
#include "harness/stats/binomial.h"
#include "harness/stats/proportions.h"

namespace qbench::run {
namespace {

using datasets::Channels;
using plan::TriedInput;

int64_t Count(const RightImages& right) { return std::ranges::count(right, true); }

RightImages RightOf(const TriedInput& tried, const plan::PlannedModel& model,
                    const datasets::Split& images) {
  RightImages right(images.images.size(), false);
  for (size_t i = 0; i < std::min(right.size(), tried.outputs.size()); ++i) {
    const auto label = static_cast<size_t>(images.images[i].label);
    right[i] = label < model.label_outputs.size() && tried.outputs[i] >= 0 &&
               tried.outputs[i] == model.label_outputs[label];
  }
  return right;
}

// The sidecar's own preprocessing, as TryInputs has it: its colours in the order red, green, blue.
plan::FirstGuess OwnInput(const datasets::Preprocessing& input) {
  plan::FirstGuess own;
  own.normalization = {"as the sidecar says", input.mean, input.std};
  own.channels = input.channels;
  own.resize = input.resize;
  if (input.channels != Channels::kBgr) return own;
  std::ranges::reverse(own.normalization.mean);
  std::ranges::reverse(own.normalization.std);
  return own;
}

// Images [first, last) of a split.
datasets::Split Part(const datasets::Split& all, size_t first, size_t last) {
  datasets::Split part;
  part.name = all.name;
  part.folder = all.folder;
  part.images.assign(all.images.begin() + static_cast<int64_t>(first),
                     all.images.begin() + static_cast<int64_t>(last));
  part.sha256 = datasets::SplitSha256(part.images);
  return part;
}

// Whether so many right is more than a guess has. Where the labels are out of order, a model that
// answers anything is right more often than one that works.
bool IsBeyondLuck(const RightImages& right, const datasets::Split& images) {
  std::map<int, int64_t> of_label;
  int64_t most = 0;
  for (const datasets::Image& image : images.images) {
    most = std::max(most, ++of_label[image.label]);
  }
  const auto count = static_cast<int64_t>(right.size());
  const double luck = static_cast<double>(most) / static_cast<double>(std::max<int64_t>(count, 1));
  return stats::AtLeast(Count(right), count, luck) < kTrialLevel;
}

BetterInput Describe(const TriedInput& tried, const plan::FirstGuess& own) {
  BetterInput better;
  const bool scaled = tried.normalization == own.normalization;
  if (!scaled) {
    better.what = "pixels " + tried.normalization.name;
    better.keys = {"mean", "std"};
  }
  if (tried.channels == own.channels) return better;
  better.what += fmt::format("{}channels = \"{}\"", scaled ? "" : " and ",
                             datasets::ChannelsName(tried.channels));
  better.keys.emplace_back("channels");
  return better;
}

// How many of `wanted` images there is time for, each with so many inputs.
size_t Affordable(const TrialSetup& setup, size_t inputs, size_t wanted) {
  const double seconds = setup.seconds_per_image * static_cast<double>(inputs);
  if (!(seconds > 0)) return wanted;
  return static_cast<size_t>(std::min(static_cast<double>(wanted), kMostTrialSeconds / seconds));
}

Status Try(const TrialSetup& setup, const datasets::Split& images, const plan::JobRunner& run_job,
           std::vector<TriedInput>& tried) {
  const plan::CheckSetup check{.model = setup.model,
                               .classes = setup.model->label_outputs.size(),
                               .images = &images,
                               .runtime = setup.runtime,
                               .cache = setup.cache};
  return plan::TryInputs(
      check, run_job, [](const std::string&, size_t) {}, tried);
}

void Fill(const RightImages& own, const RightImages& other, double p, BetterInput* better) {
  better->images = static_cast<int64_t>(own.size());
  better->right = Count(other);
  better->own_right = Count(own);
  better->p = std::min(1.0, p);
}

}  // namespace

double BetterP(const RightImages& own, const RightImages& other) {
  int64_t gained = 0;
  int64_t lost = 0;
  for (size_t i = 0; i < std::min(own.size(), other.size()); ++i) {
    gained += other[i] && !own[i] ? 1 : 0;
    lost += own[i] && !other[i] ? 1 : 0;
  }
  return stats::McNemarOneSidedP(gained, lost);
}

std::optional<size_t> BestOther(const RightImages& own, const std::vector<RightImages>& others) {
  const auto best = std::ranges::max_element(others, {}, Count);
  if (best == others.end() || Count(*best) <= Count(own)) return std::nullopt;
  return static_cast<size_t>(best - others.begin());
}

Result<std::optional<BetterInput>> FindBetterInput(const TrialSetup& setup,
                                                   const plan::JobRunner& run_job) {
  std::optional<BetterInput> nothing;
  const plan::PlannedModel& model = *setup.model;
  if (!model.float_model || model.label_outputs.empty()) return nothing;
  const auto all = plan::ImagesToTry(*setup.dataset, kMostTrialImages, model.sidecar.input);
  if (!all.ok()) return nothing;
  const plan::FirstGuess own = OwnInput(model.sidecar.input);
  std::vector<TriedInput> tried = plan::InputsToTry(own);
  const size_t first = Affordable(setup, tried.size(), std::min(kTrialImages, all->images.size()));
  if (first < kLeastTrialImages) return nothing;
  std::ranges::stable_partition(tried, [&](const TriedInput& one) {
    return one.normalization == own.normalization && one.channels == own.channels;
  });
  const datasets::Split images = Part(*all, 0, first);
  QB_RETURN_IF_ERROR(Try(setup, images, run_job, tried));
  const RightImages own_right = RightOf(tried[0], model, images);
  std::vector<RightImages> others;
  for (size_t i = 1; i < tried.size(); ++i) others.push_back(RightOf(tried[i], model, images));
  const std::optional<size_t> best = BestOther(own_right, others);
  if (!best) return nothing;
  BetterInput better = Describe(tried[*best + 1], own);
  const double p = 2 * BetterP(own_right, others[*best]) * static_cast<double>(others.size());
  if (p < kTrialLevel && IsBeyondLuck(others[*best], images)) {
    Fill(own_right, others[*best], p, &better);
    return std::optional(std::move(better));
  }
  const size_t more = Affordable(setup, 2, all->images.size() - first);
  const datasets::Split fresh = Part(*all, first, first + more);
  if (fresh.images.empty()) return nothing;
  std::vector<TriedInput> two = {tried[0], tried[*best + 1]};
  QB_RETURN_IF_ERROR(Try(setup, fresh, run_job, two));
  const RightImages own_fresh = RightOf(two[0], model, fresh);
  const RightImages best_fresh = RightOf(two[1], model, fresh);
  const double fresh_p = 2 * BetterP(own_fresh, best_fresh);
  if (fresh_p >= kTrialLevel || !IsBeyondLuck(best_fresh, fresh)) return nothing;
  Fill(own_fresh, best_fresh, fresh_p, &better);
  return std::optional(std::move(better));
}

std::string BetterInputText(const std::string& model, const BetterInput& better) {
  const auto percent = [&](int64_t right) {
    return 100 * static_cast<double>(right) / static_cast<double>(better.images);
  };
  return fmt::format(
      "Wrong input? {}: of {} images that are not tested on {:.1f} % are right as the sidecar "
      "says, "
      "and {:.1f} % with {} (exact McNemar test, p = {:.2g}). Look at {} in the model's sidecar; "
      "`qbench init` tries the usual ones.",
      model, better.images, percent(better.own_right), percent(better.right), better.what, better.p,
      fmt::join(better.keys, " and "));
}

}  // namespace qbench::run
