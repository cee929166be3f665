#include "plugins/runtimes/litert/litert_library.h"

#include <cstdlib>
#include <memory>
#include <system_error>

#include "base/aligned_bytes.h"
#include "base/files.h"
#include "graph/tflite/tflite_writer.h"
#include "plugins/runtimes/litert/litert_model.h"

namespace qbench::litert {
namespace {

constexpr const char* kLibraryName = "libLiteRt.so";

// A fully connected layer with small whole numbers, so that every kernel gives exactly this answer.
constexpr std::array<float, 4> kKnownInput = {1.0F, -2.0F, 3.0F, 4.0F};
constexpr std::array<float, 3> kKnownOutput = {20.0F, 0.0F, 6.5F};

graph::Model KnownModel() {
  graph::Model model;
  graph::Graph& graph = model.graph;
  graph::Tensor input;
  input.name = "x";
  input.shape = {1, 4};
  graph::Tensor output;
  output.name = "y";
  output.shape = {1, 3};
  const graph::TensorId x = graph.AddTensor(input);
  const std::vector<float> weights = {1, 0, 1, 4, 1, 1, -1, -1, 2, 1, 0, 1.5F};
  const graph::TensorId w = graph.AddConstant("w", {3, 4}, weights);
  const graph::TensorId b = graph.AddConstant("b", {3}, std::vector<float>{0, 0, 0.5F});
  const graph::TensorId y = graph.AddTensor(output);
  graph::FullyConnectedOptions options;
  options.activation = graph::Activation::kRelu;
  graph.ops.push_back({graph::OpKind::kFullyConnected, options, {x, w, b}, {y}, "known"});
  graph.inputs = {x};
  graph.outputs = {y};
  return model;
}

Status RunKnownModel(const Api& api) {
  QB_ASSIGN_OR_RETURN(const Bytes file, graph::WriteTflite(KnownModel()));
  const AlignedBytes bytes{ByteSpan(file)};
  QB_ASSIGN_OR_RETURN(LiteRtModel model,
                      LiteRtModel::Load(api, bytes.span(), Kernels::kXnnpack, /*threads=*/1));
  QB_RETURN_IF_ERROR(model.SetInput(
      0, {reinterpret_cast<const uint8_t*>(kKnownInput.data()), sizeof(kKnownInput)}));
  QB_RETURN_IF_ERROR(model.Invoke());
  QB_ASSIGN_OR_RETURN(const ByteSpan view, model.ViewOutput(0));
  std::array<float, kKnownOutput.size()> output{};
  std::memcpy(output.data(), view.data(), sizeof(output));
  if (output == kKnownOutput) return OkStatus();
  return Error(StatusCode::kInternal, "it answers ({}, {}, {}) where ({}, {}, {}) is right",
               output[0], output[1], output[2], kKnownOutput[0], kKnownOutput[1], kKnownOutput[2]);
}

}  // namespace

std::string VersionBeside(const std::filesystem::path& library) {
  const std::filesystem::path folder = library.parent_path();
  if (const Result<std::string> text = ReadTextFile(folder / "VERSION"); text.ok()) {
    return text->substr(0, text->find_first_of("\r\n"));
  }
  constexpr std::string_view kStart = "ai_edge_litert-";
  constexpr std::string_view kEnd = ".dist-info";
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder.parent_path(), error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.size() <= kStart.size() + kEnd.size()) continue;
    if (!name.starts_with(kStart) || !name.ends_with(kEnd)) continue;
    return name.substr(kStart.size(), name.size() - kStart.size() - kEnd.size());
  }
  return "unknown";
}

std::vector<LibraryPlace> LibraryPlaces(const std::filesystem::path& plugin_file) {
  if (const char* named = std::getenv(kLibraryVariable); named != nullptr && *named != '\0') {
    // Absolute, so that the loader never looks for it.
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(named, error);
    return {{error ? std::filesystem::path(named) : path, /*named=*/true}};
  }
  return {{plugin_file.parent_path().parent_path() / "litert" / kLibraryName},
          {std::filesystem::path(QBENCH_LITERT_PREFIX) / kLibraryName},
          {kLibraryName}};
}

Result<Library> OpenLibrary(const std::vector<LibraryPlace>& places) {
  std::string tried;
  for (const LibraryPlace& place : places) {
    std::error_code error;
    const bool by_loader = !place.path.has_parent_path();
    if (by_loader || std::filesystem::is_regular_file(place.path, error)) {
      Result<OpenedLibrary> opened = OpenApi(place.path);
      if (opened.ok()) {
        const std::filesystem::path file = std::filesystem::weakly_canonical(opened->path, error);
        return Library{opened->api, opened->path, VersionBeside(error ? opened->path : file)};
      }
      if (!by_loader || opened.status().code() != StatusCode::kNotFound) return opened.status();
      tried += fmt::format("{}the system's libraries: {}", tried.empty() ? "" : ", ",
                           opened.status().message());
      continue;
    }
    if (place.named) {
      return Error(StatusCode::kNotFound,
                   "--litert-library or QBENCH_LITERT_LIBRARY names {}, which is no file; name a "
                   "{}, or neither to take the one of scripts/setup.sh",
                   place.path.string(), kLibraryName);
    }
    tried += (tried.empty() ? "" : ", ") + place.path.string();
  }
  return Error(StatusCode::kNotFound,
               "LiteRT is not installed (looked for {}); run scripts/setup.sh, or name a {} with "
               "--litert-library",
               tried, kLibraryName);
}

Status CheckKnownModel(const Library& library) {
  Status known = RunKnownModel(library.api);
  if (known.ok()) return known;
  return Error(StatusCode::kInternal, "{} is refused: on a known model {}; run scripts/setup.sh",
               library.path.string(), known.message());
}

}  // namespace qbench::litert
