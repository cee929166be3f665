// What the bytes of an artifact depend on.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "harness/plan/run_plan.h"

namespace qbench::run {

// The images of one model's splits, as its workers read them.
struct ModelSamples {
  jobs::SamplesRef test;
  std::optional<jobs::SamplesRef> calibration;
  std::optional<jobs::SamplesRef> train;
  // Hashes of the tensors, for the artifact's key.
  std::string calibration_content;
  std::string train_content;
};

// For ArtifactCache::Key: everything on which the bytes of the cell's artifact depend: qbench's
// version, model, quantizer with its library and options; where it asks for images, these in their
// order, their preprocessing, the calibrating runtime, and the processor.
Json ArtifactKeyContent(const plan::Plan& plan, const plan::PlannedCell& cell,
                        const ModelSamples& samples);

}  // namespace qbench::run
