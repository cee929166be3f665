#include "harness/worker/import_job.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/aligned_bytes.h"
#include "base/atomic_file.h"
#include "base/files.h"
#include "base/one_line.h"
#include "base/regular_file.h"
#include "base/sha256.h"
#include "fmt/ranges.h"
#include "graph/import/keras/keras_model.h"
#include "graph/import/onnx/onnx_model.h"
#include "graph/import/tensorflow/tf_model.h"
#include "graph/model_summary.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_contents.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "harness/jobs/model_format.h"
#include "harness/worker/file_metadata.h"
#include "harness/worker/input_traits.h"
#include "harness/worker/mapped_model.h"
#include "harness/worker/summary_json.h"
#include "harness/worker/worker_context.h"

namespace qbench::worker {
namespace {

// Where an imported file goes: into the cache as it is made, hashed on the way, or where it is only
// looked at, into memory.
class ImportedFile : public graph::TfliteSink {
 public:
  // `output` may be empty.
  static Result<ImportedFile> Create(const std::filesystem::path& output) {
    ImportedFile imported;
    if (output.empty()) return imported;
    QB_ASSIGN_OR_RETURN(imported.file_, AtomicFile::Create(output));
    return imported;
  }

  Status Begin(size_t bytes) override {
    if (!file_) memory_ = AlignedBytes::OfSize(bytes);
    return OkStatus();
  }
  Status Append(ByteSpan part) override {
    sha256_->Update(part);
    if (file_) return file_->Append(part);
    std::ranges::copy(part, memory_.data().subspan(done_).begin());
    done_ += part.size();
    return OkStatus();
  }

  // All of it, once everything was appended.
  Result<ByteSpan> Finish() {
    if (!file_) return memory_.span();
    QB_ASSIGN_OR_RETURN(mapped_, MappedModel::Open(file_->temporary()));
    return mapped_->bytes();
  }
  std::string Sha256() { return sha256_->HexDigest(); }
  Status Commit() { return file_ ? file_->Commit() : OkStatus(); }

 private:
  ImportedFile() = default;

  std::optional<AtomicFile> file_;
  std::unique_ptr<qbench::Sha256> sha256_ = std::make_unique<qbench::Sha256>();
  AlignedBytes memory_;
  size_t done_ = 0;
  std::optional<MappedModel> mapped_;
};

// By one of graph/import's readers.
Result<graph::Model> ReadModel(jobs::ModelFormat format, const jobs::ImportJob& job,
                               jobs::ImportResult& result) {
  const graph::import::TfOptions choice{.signature = job.choice.signature,
                                        .inputs = job.choice.inputs,
                                        .outputs = job.choice.outputs};
  switch (format) {
    case jobs::ModelFormat::kFrozenGraph:
      return graph::import::ReadFrozenGraph(job.model, choice, &result.notes);
    case jobs::ModelFormat::kSavedModel:
      return graph::import::ReadSavedModel(job.model, choice, &result.notes);
    case jobs::ModelFormat::kOnnx:
      return graph::import::ReadOnnxModel(job.model, &result.notes);
    default:
      return graph::import::ReadKerasModel(job.model, &result.notes, &result.missing);
  }
}

Status Convert(jobs::ModelFormat format, const jobs::ImportJob& job, jobs::ImportResult& result,
               ImportedFile& file) {
  QB_ASSIGN_OR_RETURN(graph::Model model, ReadModel(format, job, result));
  result.input = DescribeInput(model);
  std::vector<graph::PassEffect> effects;
  const size_t before = model.graph.ops.size();
  QB_RETURN_IF_ERROR(graph::Optimize(model, &effects));
  result.passes = {{"operators_before", before}, {"operators_fewer", Json::object()}};
  for (const graph::PassEffect& effect : effects) {
    result.passes["operators_fewer"][std::string(effect.pass)] = effect.operators;
  }
  return graph::WriteTflite(std::move(model), {.statistics = true}, file);
}

// A .tflite file is taken as it is. It is the user's, so it is read and not mapped.
Status CopyTflite(const std::filesystem::path& path, ImportedFile& file) {
  QB_ASSIGN_OR_RETURN(const RegularFile source, OpenRegularFile(path));
  if (source.size > kMaxFileBytes) {
    return Error(StatusCode::kInvalidArgument, "{} has {} bytes, more than the limit of {}",
                 path.string(), source.size, kMaxFileBytes);
  }
  QB_RETURN_IF_ERROR(file.Begin(source.size));
  Bytes piece(std::min<uint64_t>(source.size, uint64_t{1} << 20));
  for (uint64_t left = source.size; left > 0;) {
    const std::span<uint8_t> next = std::span(piece).first(std::min<uint64_t>(left, piece.size()));
    QB_ASSIGN_OR_RETURN(const size_t count, ReadInto(source.descriptor, next, path));
    if (count < next.size()) {
      return Error(StatusCode::kCorrupt, "{}: the file became shorter while it was read; run again",
                   path.string());
    }
    QB_RETURN_IF_ERROR(file.Append(next));
    left -= count;
  }
  return OkStatus();
}

// A model in any format as a .tflite file.
Status LoadAsTflite(const jobs::ImportJob& job, jobs::ImportResult& result, ImportedFile& file) {
  QB_ASSIGN_OR_RETURN(const jobs::ModelFormat format, jobs::DetectModelFormat(job.model));
  if (job.choice != jobs::ImportChoice() && !jobs::LeavesChoice(format)) {
    return Error(StatusCode::kInvalidArgument,
                 "{}: --signature, --inputs and --outputs are for SavedModel folders and frozen "
                 "graphs; leave them out",
                 job.model.string());
  }
  result.converted = jobs::NeedsConversion(format);
  return result.converted ? Convert(format, job, result, file) : CopyTflite(job.model, file);
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
  QB_ASSIGN_OR_RETURN(ImportedFile file, ImportedFile::Create(job.output));
  const Status loaded = LoadAsTflite(job, result, file);
  if (!loaded.ok() && job.output.empty() && !result.missing.empty()) {
    result.error = loaded.message();  // whoever only looks at it wants to see all of it
    return result;
  }
  QB_RETURN_IF_ERROR(loaded);
  QB_ASSIGN_OR_RETURN(const ByteSpan bytes, file.Finish());
  result.sha256 = file.Sha256();
  result.file_bytes = bytes.size();
  const Result<graph::TfliteContents> contents = graph::ListTflite(bytes);
  if (!contents.ok()) return contents.status().WithContext(job.model.string());
  result.contents = ContentsToJson(*contents);
  if (contents->signatures.size() > 1) {
    result.notes.push_back(fmt::format(
        "the file has {} signatures ({}); {} is used", contents->signatures.size(),
        Shortened(SafeLine(fmt::format("{}", fmt::join(contents->signatures, ", "))), 200),
        contents->signature.empty() ? "the first subgraph, which has none,"
                                    : '"' + SafeName(contents->signature) + '"'));
  }
  if (!result.converted) {
    result.contents["metadata"] = DescribeMetadata(job.model, bytes, result.metadata_flaws);
    std::ranges::copy(result.metadata_flaws, std::back_inserter(result.notes));
  }
  // A sound file with operators that qbench does not know can still be run: it has no summary.
  const Result<graph::Model> model = graph::ReadTflite(nullptr, bytes);
  if (model.ok()) {
    result.summary = SummaryToJson(graph::Summarize(*model));
    if (!result.converted) result.input = DescribeInput(*model);
  }
  const Result<graph::TfliteInfo> info = graph::InspectTflite(bytes);
  if (info.ok()) DescribeEnds(*info, result);
  if (!job.output.empty()) {
    const Status fit = info.ok() ? graph::CheckInputSizes(*info) : info.status();
    if (!fit.ok()) return fit.WithContext(job.model.string());  // nothing could feed it
  }
  QB_RETURN_IF_ERROR(file.Commit());
  return result;
}

}  // namespace qbench::worker
