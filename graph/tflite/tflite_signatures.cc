#include "graph/tflite/tflite_signatures.h"

namespace qbench::graph {

const wire::SignatureDef* MainSignature(const wire::Model& model) {
  const wire::SignatureDef* chosen = nullptr;
  if (model.signature_defs() == nullptr) return chosen;
  for (const wire::SignatureDef* signature : *model.signature_defs()) {
    if (signature->subgraph_index() != 0) continue;
    const bool is_default = Text(signature->signature_key()) == "serving_default";
    if (chosen == nullptr || is_default) chosen = signature;
  }
  return chosen;
}

bool OthersAreSignatures(const wire::Model& model) {
  std::vector<bool> named(model.subgraphs()->size(), false);
  named[0] = true;
  if (model.signature_defs() != nullptr) {
    for (const wire::SignatureDef* signature : *model.signature_defs()) {
      named[signature->subgraph_index()] = true;  // in range: TfliteFile::Open
    }
  }
  for (const bool is_named : named) {
    if (!is_named) return false;
  }
  return true;
}

std::vector<std::string> SignatureKeys(const wire::Model& model) {
  std::vector<std::string> keys;
  if (model.signature_defs() == nullptr) return keys;
  for (const wire::SignatureDef* signature : *model.signature_defs()) {
    keys.push_back(Text(signature->signature_key()));
  }
  return keys;
}

}  // namespace qbench::graph
