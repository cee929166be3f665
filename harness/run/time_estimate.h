// Estimates how long the rest of a run takes, from what it has taken so far. It has no clock: the
// caller says how long each step took.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "harness/run/run_steps.h"

namespace qbench::run {

// Every step is taken to cost what a process costs (starting, loading a model) and so many
// inferences, as many as its settings say. An inference is what was timed; where nothing was, a
// guess from the model's multiply-adds, corrected by what others of the same quantizer and runtime
// took. What steps of a kind took beyond that (cores that share memory, a slow disk) corrects those
// that follow: by the same cell's, else the same quantizer's and runtime's, else the same
// runtime's, else any. All times are in seconds. Not thread-safe.
class TimeEstimate {
 public:
  // `plan` outlives this object. `cores`: that the run may use.
  TimeEstimate(const plan::Plan& plan, std::vector<Step> steps, int cores);

  // One inference of the cell, alone, took so long.
  void LearnInference(size_t cell, double seconds);
  // What a process of this cell costs besides its inferences.
  void LearnOverhead(size_t cell, double seconds);

  // Before anything begins: so many images may have to be decoded.
  void ExpectDecoding(size_t images) { images_left_ += images; }
  // Of those, these are being decoded, and were (or were found in the cache).
  void BeginDecoding(size_t images);
  void EndDecoding(double seconds);

  // Step `step` (a place in `steps`) begins, and ends after `seconds`. One that had nothing to do,
  // or failed, teaches nothing.
  void Begin(size_t step);
  void End(double seconds);
  void EndWithoutWork();
  // What has begun says how far it is.
  void Progress(uint64_t done, uint64_t total);
  // A step that will have nothing to do: its result is there already.
  void MarkDone(size_t step);
  // A cell that failed: its steps will have nothing to do.
  void DropCell(size_t cell);

  // What is left, `elapsed` after what has begun began.
  double SecondsLeft(double elapsed = 0) const;
  // One step, from its beginning.
  double StepSeconds(size_t step) const;

 private:
  struct Sums {
    double taken = 0;
    double expected = 0;
  };
  // The level, the kind of step, and what of the cell counts at this level.
  using Key = std::tuple<int, StepKind, size_t, size_t, int>;

  double GuessedInference(const plan::PlannedModel& model, const plan::SelectedPlugin& runtime,
                          int threads) const;
  double GuessedInference(size_t cell) const;
  double Inference(size_t cell) const;
  double Overhead(size_t cell) const;
  double AccuracyInferences(size_t cell) const;  // one after the other
  double Expected(const Step& step) const;       // without correction
  double Correction(const Step& step) const;
  std::vector<Key> KeysOf(const Step& step) const;  // the closest first
  double DecodeSecondsAnImage() const;
  double CurrentLeft(double elapsed) const;
  double LaterSeconds() const;

  const plan::Plan& plan_;
  std::vector<Step> steps_;
  int cores_;
  std::map<size_t, double> inference_;  // by cell, what was timed
  std::map<size_t, double> derived_;    // by cell, from its accuracy, where nothing was timed
  double derived_excess_ = 0;  // sum of log(derived / timed) of those that were timed after all
  int derived_timed_ = 0;      // how many those are
  std::map<size_t, double> overhead_;
  std::map<Key, Sums> taken_;
  std::vector<bool> done_;            // by step
  mutable double later_seconds_ = 0;  // of all steps that have not begun
  mutable bool stale_ = true;         // later_seconds_ is not what is known now
  std::optional<size_t> step_;        // that has begun
  size_t images_left_ = 0;            // to decode, those that have begun not among them
  size_t images_begun_ = 0;
  size_t images_decoded_ = 0;
  double decode_seconds_ = 0;
  double progress_ = 0;  // of what has begun, 0 to 1
};

}  // namespace qbench::run
