// .tflite files, and everything behind the reader on what it accepts
// (graph/tflite/tflite_reader.h).
#include <memory>

#include "graph/model_summary.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_contents.h"
#include "graph/tflite/tflite_metadata.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/graph/metadata_file.h"
#include "tests/graph/model_builder.h"

namespace qbench::fuzz {
namespace {

// A small model that has every operator, one with learned ranges, and one with metadata.
std::vector<Bytes> Seeds() {
  Result<Bytes> file = graph::WriteTflite(graph::EveryFloatOperator());
  if (!file.ok()) Fail(file.status().message());
  graph::Model trained = graph::EveryFloatOperator();
  for (graph::Tensor& tensor : trained.graph.tensors) {
    if (tensor.type != graph::DataType::kFloat32 || tensor.quantization) continue;
    tensor.learned_range = graph::LearnedRange{.min = {-1.0F}, .max = {2.0F}};
  }
  Result<Bytes> with_ranges = graph::WriteTflite(trained);
  if (!with_ranges.ok()) Fail(with_ranges.status().message());
  Bytes with_metadata = graph::WithMetadata(
      {.mean = {127.5F, 127.5F, 127.5F}, .std = {1.0F, 2.0F, 3.0F}, .label_file = "labels.txt"});
  return {std::move(*file), std::move(*with_ranges), std::move(with_metadata)};
}

void Holds(const Status& status, const char* what) {
  if (!status.ok()) Fail(fmt::format("{}: {}", what, status.message()));
}

bool Run(ByteSpan input) {
  const auto bytes = std::make_shared<const Bytes>(input.begin(), input.end());
  const Result<graph::TfliteInfo> info = graph::InspectTflite(*bytes);
  if (!info.ok()) Refused(info.status());
  if (const auto metadata = graph::ReadTfliteMetadata(*bytes); !metadata.ok()) {
    Refused(metadata.status());
  }
  Result<graph::Model> model = graph::ReadTflite(bytes);
  const Result<graph::TfliteContents> contents = graph::ListTflite(*bytes);
  if (contents.ok() && contents->unsupported.empty() != model.ok()) Fail("listed otherwise");
  if (!model.ok()) return !Refused(model.status());
  Holds(info.status(), "read, but not inspected");
  graph::Summarize(*model);
  const Result<Bytes> written = graph::WriteTflite(*model);
  Holds(written.status(), "not written");
  const Result<graph::Model> again = graph::ReadTflite(std::make_shared<const Bytes>(*written));
  Holds(again.status(), "not read again");
  if (!graph::LacksABias(model->graph) && again->graph != model->graph) Fail("changed by writing");
  Holds(graph::Optimize(*model), "not optimized");
  return true;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"tflite", Seeds, Run};
  return target;
}

}  // namespace qbench::fuzz
