#include "harness/worker/import_job.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <string_view>
#include <system_error>

#include "base/files.h"
#include "base/sha256.h"
#include "graph/import/keras_h5.h"
#include "graph/model_summary.h"
#include "graph/passes.h"
#include "graph/tflite_reader.h"
#include "graph/tflite_writer.h"
#include "harness/worker/summary_json.h"
#include "harness/worker/worker_context.h"

namespace qbench::worker {
namespace {

enum class Format { kTflite, kKerasH5, kOther };

// By content first: files are renamed more often than they are converted.
Format DetectFormat(std::string_view head) {
  constexpr std::string_view kHdf5Magic{"\x89HDF\r\n\x1a\n", 8};
  if (head.starts_with(kHdf5Magic)) return Format::kKerasH5;
  if (head.size() >= 8 && head.substr(4, 4) == "TFL3") return Format::kTflite;
  return Format::kOther;
}

std::string LowerCaseExtension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

// Why a file that is neither .tflite nor HDF5 cannot be imported.
Status RefuseFormat(const std::filesystem::path& path) {
  const std::string extension = LowerCaseExtension(path);
  std::error_code error;
  const bool folder = std::filesystem::is_directory(path, error);
  if (extension == ".keras" || extension == ".pb" || folder) {
    const char* what = folder               ? "a SavedModel folder"
                       : extension == ".pb" ? "a frozen graph"
                                            : "a .keras file";
    return Error(StatusCode::kUnsupported,
                 "{}: {} is not supported yet: save the model in Keras as .h5 "
                 "(model.save(\"model.h5\")) or convert it to .tflite",
                 path.string(), what);
  }
  if (extension == ".tflite" || extension == ".h5" || extension == ".hdf5") {
    return Error(StatusCode::kCorrupt,
                 "{}: the file does not start as a {} file does: it is damaged, or something else",
                 path.string(), extension == ".tflite" ? ".tflite" : "HDF5");
  }
  return Error(StatusCode::kUnsupported,
               "{}: not a model that qbench reads: give it a Keras .h5 or a .tflite file",
               path.string());
}

Result<Bytes> ImportKeras(const std::filesystem::path& path) {
  QB_ASSIGN_OR_RETURN(graph::Model model, graph::import::ReadKerasH5(path));
  QB_RETURN_IF_ERROR(graph::Optimize(model));
  return graph::WriteTflite(model, {.statistics = true});
}

// The .tflite file's bytes of a model in any format.
Result<Bytes> LoadAsTflite(const std::filesystem::path& path, bool& converted) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return Error(StatusCode::kNotFound, "{}: there is no such model file", path.string());
  }
  if (std::filesystem::is_directory(path, error)) return RefuseFormat(path);
  QB_ASSIGN_OR_RETURN(Bytes bytes, ReadModelFile(path));
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), 16));
  switch (DetectFormat(head)) {
    case Format::kTflite:
      converted = false;
      return bytes;
    case Format::kKerasH5:
      converted = true;
      return ImportKeras(path);
    case Format::kOther:
      break;
  }
  return RefuseFormat(path);
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

}  // namespace

Result<ImportResult> RunImport(const ImportJob& job) {
  ImportResult result;
  QB_ASSIGN_OR_RETURN(Bytes loaded, LoadAsTflite(job.model, result.converted));
  const auto shared = std::make_shared<const Bytes>(std::move(loaded));
  const Bytes& bytes = *shared;
  const Result<graph::TfliteInfo> info = graph::InspectTflite(bytes);
  if (!info.ok()) return info.status().WithContext(job.model.string());
  result.sha256 = Sha256Hex(bytes);
  result.file_bytes = bytes.size();
  result.float_model = AllFloat(info->inputs) && AllFloat(info->outputs);
  result.operators = info->operators;
  result.inputs = static_cast<int32_t>(info->inputs.size());
  result.outputs = static_cast<int32_t>(info->outputs.size());
  result.output_operator = OutputOperator(info->operator_names);
  if (!info->inputs.empty()) result.input_shape = info->inputs.front().shape;
  if (!info->outputs.empty()) result.output_shape = info->outputs.front().shape;
  // A sound file with operators that qbench does not know can still be run: it has no summary.
  const Result<graph::Model> model = graph::ReadTflite(shared);
  if (model.ok()) result.summary = SummaryToJson(graph::Summarize(*model));
  if (!job.output.empty()) QB_RETURN_IF_ERROR(WriteFileAtomically(job.output, bytes));
  return result;
}

}  // namespace qbench::worker
