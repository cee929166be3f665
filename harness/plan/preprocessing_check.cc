#include "harness/plan/preprocessing_check.h"

#include <algorithm>
#include <set>

#include "base/interrupt.h"
#include "datasets/tensor_cache.h"
#include "harness/jobs/samples_ref.h"

namespace qbench::plan {
namespace {

using datasets::Channels;

// Nobody waits for, or has the disk for, more.
constexpr size_t kMaxPixelBytes = size_t{256} << 20;

}  // namespace

Result<datasets::Split> ImagesToTry(const datasets::Dataset& dataset, size_t count,
                                    const datasets::Preprocessing& input) {
  count = std::min(count, std::max<size_t>(kMaxPixelBytes / input.pixel_bytes(), 1));
  std::set<std::string_view> taken;
  if (const auto test = dataset.FindSplit("test"); test.ok()) {
    for (const datasets::Image& image : (*test)->images) taken.insert(image.sha256);
  }
  datasets::Split chosen;
  chosen.name = "calibration";
  for (const char* name : {"calibration", "train"}) {
    const auto split = dataset.FindSplit(name);
    if (!split.ok()) continue;
    datasets::Split free = **split;
    std::erase_if(free.images, [&](const auto& image) { return taken.contains(image.sha256); });
    for (const size_t i : datasets::SampleImages(free, count - chosen.images.size())) {
      datasets::Image image = free.images[i];
      const auto known =
          std::ranges::find((*split)->images, image.sha256, &datasets::Image::sha256);
      if (!taken.insert(known->sha256).second) continue;
      image.path = fmt::format("{}/{}", name, image.path);
      chosen.images.push_back(std::move(image));
    }
    if (chosen.images.size() == count) break;
  }
  if (chosen.images.empty()) {
    return Error(
        StatusCode::kInvalidArgument,
        "data set {} has no calibration or training images, and what is tested on is not "
        "looked at: give it a folder train with one sub-folder a class, or take --images 0, "
        "which writes the sidecar unchecked",
        dataset.name);
  }
  chosen.sha256 = datasets::SplitSha256(chosen.images);
  return chosen;
}

std::vector<TriedInput> InputsToTry(const FirstGuess& guess) {
  const int channels = guess.channels == Channels::kGray ? 1 : 3;
  std::vector<datasets::Normalization> all = datasets::UsualNormalizations(channels);
  const auto twin = std::ranges::find_if(all, [&](const datasets::Normalization& usual) {
    return datasets::AreAlike(usual, guess.normalization);
  });
  if (twin != all.end()) {
    *twin = guess.normalization;
  } else {
    all.push_back(guess.normalization);
  }
  std::vector<TriedInput> tried;
  for (datasets::Normalization& normalization : all) {
    if (channels == 1) {
      tried.push_back({std::move(normalization), Channels::kGray});
      continue;
    }
    for (const Channels order : {Channels::kRgb, Channels::kBgr}) {
      tried.push_back({normalization, order});
    }
  }
  return tried;
}

Status TryInputs(const CheckSetup& setup, const JobRunner& run_job,
                 const std::function<void(const std::string& what, size_t done)>& doing,
                 std::vector<TriedInput>& tried) {
  datasets::Preprocessing input = setup.model->sidecar.input;
  const datasets::Split& images = *setup.images;
  datasets::DecodeOptions decode;
  decode.progress = [](size_t, size_t) { return !InterruptRequested(); };
  std::vector<int> outputs;  // the model's, as they are
  for (size_t i = 0; i < setup.classes; ++i) outputs.push_back(static_cast<int>(i));
  Status first_failure;
  bool any = false;
  for (size_t i = 0; i < tried.size(); ++i) {
    TriedInput& one = tried[i];
    doing(fmt::format("{}, {}", one.normalization.name, datasets::ChannelsName(one.channels)), i);
    input.channels = one.channels;
    datasets::Apply(one.normalization, input);
    QB_ASSIGN_OR_RETURN(const datasets::TensorCache tensors,
                        datasets::EnsureTensors(images, input, setup.cache, decode));
    jobs::AccuracyJob job;
    job.artifact = setup.model->tflite;
    job.runtime = setup.runtime->Use();
    job.samples = jobs::MakeSamplesRef(images, tensors, input, outputs);
    jobs::JobCallbacks callbacks;
    callbacks.cancelled = InterruptRequested;
    const jobs::JobOutcome outcome = run_job(job, {}, callbacks);
    if (outcome.stopped()) return InterruptStatus("trying preprocessings");
    one.outputs.assign(images.images.size(), -1);
    one.confidence.assign(images.images.size(), 0.0F);
    if (!outcome.ok()) {
      if (first_failure.ok()) first_failure = outcome.ToStatus();
      continue;
    }
    any = true;
    const auto& answer = std::get<jobs::AccuracyResult>(outcome.result);
    if (answer.predicted.size() != images.images.size() ||
        answer.confidence.size() != images.images.size()) {
      return Error(StatusCode::kInternal, "the worker answered for {} images instead of {}",
                   answer.predicted.size(), images.images.size());
    }
    one.outputs = answer.predicted;
    one.confidence = answer.confidence;
  }
  return any ? OkStatus() : first_failure.WithContext(setup.model->path.string());
}

}  // namespace qbench::plan
