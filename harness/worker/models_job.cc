#include "base/aligned_bytes.h"
#include "graph/tflite/tflite_reader.h"
#include "harness/checks/random_operator.h"
#include "harness/jobs/model_outputs.h"
#include "harness/worker/worker_context.h"

namespace qbench::worker {
namespace {

// Loads and runs one model.
Result<std::vector<Bytes>> RunOne(host::PluginLibrary& library, const host::PluginHost& host,
                                  const jobs::PluginUse& use, const jobs::ModelsJob::Model& model) {
  QB_ASSIGN_OR_RETURN(const AlignedBytes bytes, ReadModelFile(model.file));
  QB_ASSIGN_OR_RETURN(const graph::TfliteInfo info, graph::InspectTflite(bytes.span()));
  QB_ASSIGN_OR_RETURN(host::Runtime runtime, library.CreateRuntime(use.id, host.host()));
  QB_RETURN_IF_ERROR(runtime.Init(use.options, 1));
  QB_RETURN_IF_ERROR(runtime.Load(bytes.span()));
  graph::Random random(model.seed);
  uint32_t index = 0;
  for (const graph::TfliteTensorInfo& input : info.inputs) {
    const Bytes values = graph::RandomValues(input.type, input.shape, random);
    QB_RETURN_IF_ERROR(runtime.SetInput(index++, values));
  }
  QB_RETURN_IF_ERROR(runtime.Invoke());
  QB_RETURN_IF_ERROR(runtime.CheckAfterInvoke());
  std::vector<Bytes> outputs;
  for (const host::TensorInfo& tensor : runtime.outputs()) {
    Bytes output(tensor.ByteSize());
    QB_RETURN_IF_ERROR(runtime.GetOutput(static_cast<uint32_t>(outputs.size()), output));
    outputs.push_back(std::move(output));
  }
  return outputs;
}

}  // namespace

Result<jobs::ModelsResult> RunModels(const WorkerContext& context, const jobs::ModelsJob& job) {
  QB_ASSIGN_OR_RETURN(auto library, LoadPlugin(context, host::PluginKind::kRuntime, job.runtime));
  const host::PluginHost host(job.runtime.id, LinkCallbacks(context.link, job.runtime.id),
                              &context.observer);
  jobs::ModelsResult result;
  for (size_t i = job.first; i < job.models.size(); ++i, ++result.models) {
    if (context.link.Cancelled()) return Error(StatusCode::kCancelled, "stopped by the user");
    Result<std::vector<Bytes>> ran = RunOne(*library, host, job.runtime, job.models[i]);
    jobs::ModelOutputs outputs;
    outputs.code = ran.status().code();
    outputs.message = ran.status().message();
    if (ran.ok()) outputs.outputs = std::move(*ran);
    QB_RETURN_IF_ERROR(jobs::WriteModelOutputs(job.output, i, outputs));
  }
  return result;
}

}  // namespace qbench::worker
