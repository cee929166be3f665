// .tflite files, and everything behind the reader on what it accepts
// (graph/tflite/tflite_reader.h).
#include <memory>

#include "graph/model_summary.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_contents.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/graph/model_builder.h"

namespace qbench::fuzz {
namespace {

// A small model that has every operator.
std::vector<Bytes> Seeds() {
  Result<Bytes> file = graph::WriteTflite(graph::EveryFloatOperator());
  if (!file.ok()) Fail(file.status().message());
  return {std::move(*file)};
}

void Holds(const Status& status, const char* what) {
  if (!status.ok()) Fail(fmt::format("{}: {}", what, status.message()));
}

bool Run(ByteSpan input) {
  const auto bytes = std::make_shared<const Bytes>(input.begin(), input.end());
  const Result<graph::TfliteInfo> info = graph::InspectTflite(*bytes);
  if (!info.ok()) Refused(info.status());
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
