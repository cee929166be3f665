#include "harness/run/time_estimate.h"

#include <algorithm>
#include <cmath>

namespace qbench::run {
namespace {

// First guesses. Multiply-adds a second of one core, in thousand millions: a fast runtime on a
// Raspberry Pi 4 reaches 4 to 8; reference kernels some hundred times less.
constexpr double kFastGmacs = 6;
constexpr double kOracleGmacs = 0.3;
constexpr double kUnknownGmacs = 0.1;     // of a model whose operators are not known
constexpr double kThreadGain = 0.7;       // of a core, that one more thread brings
constexpr double kTogether = 0.75;        // of a core's speed, where all work at once
constexpr double kStartSeconds = 0.2;     // starting a worker and loading a model
constexpr double kDecodeSeconds = 0.005;  // an image, of a core
constexpr double kCalibrationImages = 100;
constexpr double kCalibrationInstances = 2;  // of the calibration runtime at once

}  // namespace

TimeEstimate::TimeEstimate(const plan::Plan& plan, std::vector<Step> steps, int cores)
    : plan_(plan), steps_(std::move(steps)), cores_(std::max(1, cores)), done_(steps_.size()) {}

void TimeEstimate::LearnInference(size_t cell, double seconds) {
  if (const auto derived = derived_.find(cell); derived != derived_.end() && seconds > 0) {
    derived_excess_ += std::log(derived->second / seconds);
    ++derived_timed_;
    derived_.erase(derived);
  }
  inference_[cell] = seconds;
  stale_ = true;
}

void TimeEstimate::LearnOverhead(size_t cell, double seconds) {
  overhead_[cell] = std::max(0.0, seconds);
  stale_ = true;
}

void TimeEstimate::BeginDecoding(size_t images) {
  images_begun_ = images;
  images_left_ -= std::min(images_left_, images);
  progress_ = 0;
}

void TimeEstimate::EndDecoding(double seconds) {
  images_decoded_ += images_begun_;
  decode_seconds_ += seconds;
  images_begun_ = 0;
}

void TimeEstimate::Begin(size_t step) {
  step_ = step;
  progress_ = 0;
  stale_ = true;
}

void TimeEstimate::End(double seconds) {
  const Step& step = steps_[*step_];
  // Where a look failed, accuracy is the first that tells.
  if (step.kind == StepKind::kAccuracy && !inference_.contains(step.cell)) {
    const double invoking = std::max(1e-6, seconds - Overhead(step.cell));
    derived_[step.cell] = invoking / AccuracyInferences(step.cell);
  }
  const double expected = Expected(step);
  for (const Key& key : KeysOf(step)) {
    taken_[key].taken += seconds;
    taken_[key].expected += expected;
  }
  EndWithoutWork();
}

void TimeEstimate::EndWithoutWork() {
  done_[*step_] = true;
  step_.reset();
  stale_ = true;
}

void TimeEstimate::Progress(uint64_t done, uint64_t total) {
  progress_ =
      total == 0 ? 0 : static_cast<double>(std::min(done, total)) / static_cast<double>(total);
}

void TimeEstimate::MarkDone(size_t step) {
  done_[step] = true;
  stale_ = true;
}

void TimeEstimate::DropCell(size_t cell) {
  for (size_t i = 0; i < steps_.size(); ++i) {
    const StepKind kind = steps_[i].kind;
    // Those two are of an artifact, which other cells may have too.
    if (kind == StepKind::kQuantize || kind == StepKind::kDiff) continue;
    if (kind != StepKind::kPeak && steps_[i].cell == cell) done_[i] = true;
  }
  stale_ = true;
}

double TimeEstimate::GuessedInference(const plan::PlannedModel& model,
                                      const plan::SelectedPlugin& runtime, int threads) const {
  const double gmacs = model.gmacs > 0 ? model.gmacs : kUnknownGmacs;
  const double speed = runtime.plugin.descriptor.oracle ? kOracleGmacs : kFastGmacs;
  return gmacs / (speed * (1 + kThreadGain * (std::clamp(threads, 1, cores_) - 1)));
}

double TimeEstimate::GuessedInference(size_t cell) const {
  const plan::PlannedCell& planned = plan_.cells[cell];
  return GuessedInference(plan_.models[planned.model], plan_.selection.runtimes[planned.runtime],
                          planned.threads);
}

double TimeEstimate::Inference(size_t cell) const {
  if (const auto known = inference_.find(cell); known != inference_.end()) return known->second;
  if (const auto derived = derived_.find(cell); derived != derived_.end()) {
    return derived->second *
           (derived_timed_ == 0 ? 1 : std::exp(-derived_excess_ / derived_timed_));
  }
  const plan::PlannedCell& mine = plan_.cells[cell];
  // How much more than guessed the cells took that have most in common with this one.
  int closest = -1;
  double sum = 0;
  int count = 0;
  std::map<size_t, double> known = inference_;
  known.insert(derived_.begin(), derived_.end());
  for (const auto& [other, seconds] : known) {
    const plan::PlannedCell& its = plan_.cells[other];
    const bool engine = its.runtime == mine.runtime;
    const bool scheme = its.quantizer == mine.quantizer;
    const int common = engine ? 1 + (scheme ? 2 : 0) + (its.threads == mine.threads ? 1 : 0) : 0;
    if (common < closest) continue;
    if (common > closest) sum = count = 0;
    closest = common;
    sum += std::log(std::max(seconds, 1e-9) / GuessedInference(other));
    ++count;
  }
  return GuessedInference(cell) * (count == 0 ? 1 : std::exp(sum / count));
}

double TimeEstimate::Overhead(size_t cell) const {
  if (const auto known = overhead_.find(cell); known != overhead_.end()) return known->second;
  if (overhead_.empty()) return kStartSeconds;
  double sum = 0;
  for (const auto& [other, seconds] : overhead_) sum += seconds;
  return sum / static_cast<double>(overhead_.size());
}

double TimeEstimate::AccuracyInferences(size_t cell) const {
  const int at_once = std::max(1, cores_ / std::max(1, plan_.cells[cell].threads));
  const double gain = at_once > 1 ? at_once * kTogether : 1;
  return std::max<double>(1, static_cast<double>(plan_.Test().images.size())) / gain;
}

double TimeEstimate::Expected(const Step& step) const {
  const plan::PlannedCell& cell = plan_.cells[step.cell];
  const measure::LatencySettings& latency = plan_.measure.latency;
  const auto inferences = [&](double count) { return count * Inference(step.cell); };
  const auto elsewhere = [&](const std::optional<plan::SelectedPlugin>& runtime) {
    return runtime ? GuessedInference(plan_.models[cell.model], *runtime, 1) : 0;
  };
  const double start = Overhead(step.cell);
  switch (step.kind) {
    case StepKind::kQuantize: {
      const auto& quantizer = plan_.selection.quantizers[cell.quantizer];
      const bool calibrates = quantizer.plugin.descriptor.UsesSamples();
      return kStartSeconds + (calibrates ? kCalibrationImages / kCalibrationInstances : 0) *
                                 elsewhere(plan_.calibration_runtime);
    }
    case StepKind::kLook:
      return start + inferences(kLookRuns);
    case StepKind::kAccuracy:
      return start + inferences(AccuracyInferences(step.cell));
    case StepKind::kDiff: {
      constexpr double kModels = 3;  // float, quantized, and quantized with its layers apart
      return kStartSeconds +
             kModels * static_cast<double>(kDiffImages) * elsewhere(plan_.diff_runtime);
    }
    case StepKind::kLatency: {
      const double warmup =
          std::max(latency.warmup_seconds, inferences(static_cast<double>(latency.warmup_runs)));
      const double timed =
          std::max(latency.min_seconds, inferences(static_cast<double>(latency.min_samples)));
      return start + warmup + std::min(timed, std::max(latency.max_seconds, inferences(1)));
    }
    case StepKind::kPeak:
      return kStartSeconds + jobs::PeakJob().seconds;
    case StepKind::kProfile: {
      const jobs::ProfileJob job;
      if (!plan_.measure.profile) return start + inferences(kLookRuns);
      return start + std::max(std::min(inferences(static_cast<double>(job.runs)), job.max_seconds),
                              inferences(kLookRuns));
    }
  }
  return 0;
}

std::vector<TimeEstimate::Key> TimeEstimate::KeysOf(const Step& step) const {
  const plan::PlannedCell& cell = plan_.cells[step.cell];
  return {{0, step.kind, step.cell, 0, 0},
          {1, step.kind, cell.quantizer, cell.runtime, cell.threads},
          {2, step.kind, cell.runtime, 0, cell.threads},
          {3, step.kind, cell.runtime, 0, 0},
          {4, step.kind, 0, 0, 0}};
}

double TimeEstimate::Correction(const Step& step) const {
  for (const Key& key : KeysOf(step)) {
    const auto found = taken_.find(key);
    if (found != taken_.end() && found->second.expected > 0) {
      return found->second.taken / found->second.expected;
    }
  }
  return 1;
}

double TimeEstimate::StepSeconds(size_t step) const {
  return Expected(steps_[step]) * Correction(steps_[step]);
}

double TimeEstimate::DecodeSecondsAnImage() const {
  if (images_decoded_ == 0) return kDecodeSeconds / cores_;
  return decode_seconds_ / static_cast<double>(images_decoded_);
}

// What has begun is expected to take what it was, until it has come so far that its own pace says
// more. Only images that are classified or decoded one by one tell their pace.
double TimeEstimate::CurrentLeft(double elapsed) const {
  constexpr double kTelling = 0.1;  // of the whole
  const bool decoding = images_begun_ > 0;
  if (!decoding && !step_) return 0;
  const double whole =
      decoding ? DecodeSecondsAnImage() * static_cast<double>(images_begun_) : StepSeconds(*step_);
  const double left = std::max(0.0, whole - elapsed);
  if (progress_ <= 0 || (!decoding && steps_[*step_].kind != StepKind::kAccuracy)) return left;
  const double by_pace = elapsed * (1 - progress_) / progress_;
  const double weight = std::min(1.0, progress_ / kTelling);
  return weight * by_pace + (1 - weight) * left;
}

double TimeEstimate::SecondsLeft(double elapsed) const {
  return DecodeSecondsAnImage() * static_cast<double>(images_left_) + CurrentLeft(elapsed) +
         LaterSeconds();
}

double TimeEstimate::LaterSeconds() const {
  if (!stale_) return later_seconds_;
  later_seconds_ = 0;
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!done_[i] && step_ != i) later_seconds_ += StepSeconds(i);
  }
  stale_ = false;
  return later_seconds_;
}

}  // namespace qbench::run
