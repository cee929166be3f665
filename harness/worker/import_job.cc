#include "harness/worker/import_job.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "base/files.h"
#include "base/sha256.h"
#include "graph/import/keras_h5.h"
#include "graph/model_summary.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_contents.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "harness/jobs/model_format.h"
#include "harness/worker/summary_json.h"
#include "harness/worker/worker_context.h"

namespace qbench::worker {
namespace {

Result<Bytes> ImportKeras(const std::filesystem::path& path, std::vector<std::string>& notes) {
  QB_ASSIGN_OR_RETURN(graph::Model model, graph::import::ReadKerasH5(path, &notes));
  QB_RETURN_IF_ERROR(graph::Optimize(model));
  return graph::WriteTflite(model, {.statistics = true});
}

// The .tflite file's bytes of a model in any format.
Result<Bytes> LoadAsTflite(const std::filesystem::path& path, jobs::ImportResult& result) {
  QB_ASSIGN_OR_RETURN(const jobs::ModelFormat format, jobs::DetectModelFormat(path));
  result.converted = format == jobs::ModelFormat::kKerasH5;
  return result.converted ? ImportKeras(path, result.notes) : ReadModelFile(path);
}

bool AllFloat(const std::vector<graph::TfliteTensorInfo>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(), [](const graph::TfliteTensorInfo& tensor) {
    return tensor.type == graph::DataType::kFloat32;
  });
}

// The last operator that is not there to move or convert what another computed.
std::string OutputOperator(const std::vector<std::string>& operators) {
  constexpr std::array<std::string_view, 4> kMovers = {"DEQUANTIZE", "QUANTIZE", "RESHAPE", "CAST"};
  const auto last = std::find_if(operators.rbegin(), operators.rend(), [&](const auto& name) {
    return std::ranges::find(kMovers, name) == kMovers.end();
  });
  return last == operators.rend() ? std::string() : *last;
}

// What the harness must know of a model's input and output to feed it.
void DescribeEnds(const graph::TfliteInfo& info, jobs::ImportResult& result) {
  result.float_model = AllFloat(info.inputs) && AllFloat(info.outputs);
  result.operators = info.operators;
  result.inputs = static_cast<int32_t>(info.inputs.size());
  result.outputs = static_cast<int32_t>(info.outputs.size());
  result.output_operator = OutputOperator(info.operator_names);
  if (!info.inputs.empty()) result.input_shape = info.inputs.front().shape;
  if (!info.outputs.empty()) result.output_shape = info.outputs.front().shape;
}

}  // namespace

Result<jobs::ImportResult> RunImport(const jobs::ImportJob& job) {
  jobs::ImportResult result;
  QB_ASSIGN_OR_RETURN(Bytes loaded, LoadAsTflite(job.model, result));
  const auto shared = std::make_shared<const Bytes>(std::move(loaded));
  const Bytes& bytes = *shared;
  result.sha256 = Sha256Hex(bytes);
  result.file_bytes = bytes.size();
  const Result<graph::TfliteContents> contents = graph::ListTflite(bytes);
  if (!contents.ok()) return contents.status().WithContext(job.model.string());
  result.contents = ContentsToJson(*contents);
  // A sound file with operators that qbench does not know can still be run: it has no summary.
  const Result<graph::Model> model = graph::ReadTflite(shared);
  if (model.ok()) result.summary = SummaryToJson(graph::Summarize(*model));
  const Result<graph::TfliteInfo> info = graph::InspectTflite(bytes);
  if (info.ok()) DescribeEnds(*info, result);
  if (!job.output.empty()) {
    const Status fit = info.ok() ? graph::CheckInputSizes(*info) : info.status();
    if (!fit.ok()) return fit.WithContext(job.model.string());  // nothing could feed it
  }
  if (!job.output.empty()) QB_RETURN_IF_ERROR(WriteFileAtomically(job.output, bytes));
  return result;
}

}  // namespace qbench::worker
