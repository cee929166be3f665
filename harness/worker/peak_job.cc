#include "harness/measure/machine_peak.h"

#include "harness/worker/worker_context.h"

namespace qbench::worker {

Result<jobs::PeakResult> RunPeak(const jobs::PeakJob& job) {
  measure::PeakSettings settings;
  settings.threads = job.threads;
  settings.seconds = job.seconds;
  jobs::PeakResult result;
  QB_ASSIGN_OR_RETURN(result.measured, measure::MeasureMachinePeaks(settings));
  return result;
}

}  // namespace qbench::worker
