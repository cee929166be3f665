#include "graph/tflite/tflite_contents.h"

#include "graph/tflite/tflite_codes.h"
#include "graph/tflite/tflite_file.h"
#include "graph/tflite/tflite_names.h"
#include "graph/tflite/tflite_signatures.h"

namespace qbench::graph {
namespace {

TfliteTensorEntry Entry(const wire::SubGraph& subgraph, int32_t id) {
  const wire::Tensor& tensor = *subgraph.tensors()->Get(static_cast<flatbuffers::uoffset_t>(id));
  return {.name = Text(tensor.name()),
          .type = ElementTypeName(tensor.type()),
          .shape = StatedShape(tensor)};
}

std::vector<TfliteTensorEntry> Entries(const wire::SubGraph& subgraph,
                                       const std::vector<int32_t>& ids) {
  std::vector<TfliteTensorEntry> entries;
  entries.reserve(ids.size());
  for (const int32_t id : ids) entries.push_back(Entry(subgraph, id));
  return entries;
}

void ListOps(const wire::Model& model, int32_t index, std::vector<TfliteOpEntry>& ops) {
  const wire::SubGraph& subgraph =
      *model.subgraphs()->Get(static_cast<flatbuffers::uoffset_t>(index));
  if (subgraph.operators() == nullptr) return;
  for (const wire::Operator* op : *subgraph.operators()) {
    const wire::OperatorCode& code = *model.operator_codes()->Get(op->opcode_index());
    TfliteOpEntry entry{.subgraph = index,
                        .kind = OperatorName(code),
                        .custom = BuiltinCode(code) == kCustomOperatorCode,
                        .known = OperatorOfCode(BuiltinCode(code)).has_value(),
                        .outputs = {}};
    if (const auto* outputs = op->outputs(); outputs != nullptr && outputs->size() > 0) {
      entry.outputs.push_back(Entry(subgraph, outputs->Get(0)));
    }
    ops.push_back(std::move(entry));
  }
}

}  // namespace

Result<TfliteContents> ListTflite(ByteSpan bytes) {
  if (!IsAlignedForTflite(bytes)) {
    const Bytes aligned(bytes.begin(), bytes.end());
    return ListTflite(aligned);
  }
  QB_ASSIGN_OR_RETURN(const TfliteFile file, TfliteFile::Open(bytes));
  const wire::Model& model = file.model();
  TfliteContents contents;
  contents.description = Text(model.description());
  contents.subgraphs = static_cast<int32_t>(model.subgraphs()->size());
  for (int32_t i = 0; i < contents.subgraphs; ++i) ListOps(model, i, contents.ops);
  contents.inputs = Entries(file.main(), Elements(file.main().inputs()));
  contents.outputs = Entries(file.main(), Elements(file.main().outputs()));
  contents.signatures = SignatureKeys(model);
  if (const wire::SignatureDef* main = MainSignature(model)) {
    contents.signature = Text(main->signature_key());
  }
  contents.unsupported = FindObstacles(file);
  return contents;
}

}  // namespace qbench::graph
