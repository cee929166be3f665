// SavedModel folders.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/one_line.h"
#include "fmt/ranges.h"
#include "graph/import/tensorflow/checkpoint_keys.h"
#include "graph/import/tensorflow/flat_graph.h"
#include "graph/import/tensorflow/proto_file.h"
#include "graph/import/tensorflow/tensor_bundle.h"
#include "graph/import/tensorflow/tf_importer.h"
#include "graph/import/tensorflow/tf_model.h"
#include "tensorflow.pb.h"

namespace qbench::graph::import {
namespace {

using Infos = std::map<std::string, const tensorflow::TensorInfo*>;

template <typename Map>
Infos Sorted(const Map& map) {
  Infos sorted;
  for (const auto& [key, info] : map) sorted.emplace(key, &info);
  return sorted;
}

template <typename Map>
std::string Keys(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) {
    if (key != "__saved_model_init_op") keys.push_back(SafeName(key));
  }
  std::ranges::sort(keys);
  return fmt::format("{}", fmt::join(keys, ", "));
}

// The graph for inference: tagged "serve", or the only one.
Result<tensorflow::MetaGraph*> ChooseGraph(tensorflow::SavedModel& saved) {
  for (tensorflow::MetaGraph& graph : *saved.mutable_meta_graphs()) {
    const auto& tags = graph.meta_info_def().tags();
    if (std::ranges::find(tags, "serve") != tags.end() || saved.meta_graphs_size() == 1) {
      return &graph;
    }
  }
  return Error(StatusCode::kUnsupported,
               "none of its {} graphs is tagged \"serve\"; save the model again for serving",
               saved.meta_graphs_size());
}

Result<std::string> ChooseSignature(const tensorflow::MetaGraph& graph, const TfOptions& options) {
  const auto& signatures = graph.signature_def();
  std::vector<std::string> there;
  for (const auto& [key, signature] : signatures) {
    if (key != "__saved_model_init_op" && signature.outputs_size() > 0) there.push_back(key);
  }
  if (!options.signature.empty()) {
    if (signatures.contains(options.signature)) return options.signature;
    return Error(StatusCode::kInvalidArgument, "it has no signature \"{}\"; it has: {}",
                 SafeName(options.signature), Keys(signatures));
  }
  if (signatures.contains("serving_default")) return std::string("serving_default");
  if (there.size() == 1) return there[0];
  if (there.empty()) {
    return Error(StatusCode::kUnsupported,
                 "it has no signature, so nothing says what its inputs are; save it with one: "
                 "tf.saved_model.save(model, folder, signatures=model.call.get_concrete_function("
                 "tf.TensorSpec([None, height, width, 3], tf.float32)))");
  }
  return Error(StatusCode::kInvalidArgument,
               "it has no signature \"serving_default\"; choose one with --signature: {}",
               Keys(signatures));
}

// Those that the user names, in that order, or all. kInvalidArgument where there is none so called.
Result<std::vector<std::string>> Choose(const Infos& infos, const std::vector<std::string>& wanted,
                                        const char* what, const std::string& signature) {
  std::vector<std::string> chosen;
  for (const auto& [key, info] : infos) chosen.push_back(key);
  if (wanted.empty()) return chosen;
  for (const std::string& name : wanted) {
    if (infos.contains(name)) continue;
    return Error(StatusCode::kInvalidArgument, "the signature \"{}\" has no {} \"{}\"; it has: {}",
                 SafeName(signature), what, SafeName(name), Keys(infos));
  }
  return wanted;
}

Result<std::vector<TfInput>> InputsOf(const tensorflow::SignatureDef& signature,
                                      const std::string& name, const TfOptions& options) {
  const Infos infos = Sorted(signature.inputs());
  QB_ASSIGN_OR_RETURN(const auto chosen, Choose(infos, options.inputs, "input", name));
  if (chosen.size() != infos.size()) {
    return Error(StatusCode::kInvalidArgument,
                 "the signature \"{}\" has {} inputs, all of which are needed: {}", SafeName(name),
                 infos.size(), Keys(infos));
  }
  std::vector<TfInput> inputs;
  for (const std::string& key : chosen) {
    const tensorflow::TensorInfo& info = *infos.at(key);
    const auto [node, output] = SplitTensorName(info.name());
    if (node.empty() || output != 0) {
      return Error(StatusCode::kUnsupported, "the input \"{}\" is no dense tensor", SafeName(key));
    }
    TfInput input{.name = key, .node = node, .type = info.dtype()};
    input.has_shape = info.has_tensor_shape() && !info.tensor_shape().unknown_rank();
    for (const auto& dim : info.tensor_shape().dim()) input.shape.push_back(dim.size());
    inputs.push_back(std::move(input));
  }
  return inputs;
}

// Outputs that are no floats are left out where the user names none: labels, texts.
Result<std::vector<std::string>> OutputsOf(const tensorflow::SignatureDef& signature,
                                           const std::string& name, const TfOptions& options,
                                           std::vector<std::string>* notes) {
  const Infos infos = Sorted(signature.outputs());
  QB_ASSIGN_OR_RETURN(const auto chosen, Choose(infos, options.outputs, "output", name));
  std::vector<std::string> floats;
  for (const std::string& key : chosen) {
    const int32_t type = infos.at(key)->dtype();
    if (!options.outputs.empty() || IsTfFloat(type)) {
      floats.push_back(key);
    } else if (notes != nullptr) {
      notes->push_back(
          fmt::format("the output \"{}\" is {} and left out", SafeName(key), TfTypeName(type)));
    }
  }
  if (!floats.empty()) return floats;
  return Error(StatusCode::kUnsupported,
               "the signature \"{}\" has no output of floats; choose "
               "another one with --signature: {}",
               SafeName(name), Keys(infos));
}

Result<Model> Import(const std::filesystem::path& folder, tensorflow::SavedModel& saved,
                     const TfOptions& options, std::vector<std::string>* notes) {
  QB_ASSIGN_OR_RETURN(tensorflow::MetaGraph * graph, ChooseGraph(saved));
  TfEnds ends;
  QB_ASSIGN_OR_RETURN(ends.signature, ChooseSignature(*graph, options));
  const tensorflow::SignatureDef& signature = graph->signature_def().at(ends.signature);
  QB_ASSIGN_OR_RETURN(ends.inputs, InputsOf(signature, ends.signature, options));
  QB_ASSIGN_OR_RETURN(const auto outputs, OutputsOf(signature, ends.signature, options, notes));
  std::vector<std::string> cut;
  std::vector<std::string> wanted;
  for (const TfInput& input : ends.inputs) cut.push_back(input.node);
  for (const std::string& key : outputs) wanted.push_back(signature.outputs().at(key).name());
  QB_ASSIGN_OR_RETURN(const CheckpointKeys keys, FindCheckpointKeys(*graph));
  QB_ASSIGN_OR_RETURN(const FlatGraph flat, Flatten(*graph->mutable_graph_def(), wanted, cut));
  for (size_t i = 0; i < outputs.size(); ++i) {
    ends.outputs.push_back({.name = outputs[i], .ref = flat.outputs[i]});
  }
  std::optional<TensorBundle> bundle;
  const auto read_variable = [&](const FlatNode& variable) -> Result<TfArray> {
    const auto key = keys.find(variable.def);
    if (key == keys.end()) {
      return Error(StatusCode::kUnsupported,
                   "nothing says under which name the checkpoint has its values");
    }
    if (!bundle) {
      QB_ASSIGN_OR_RETURN(bundle, TensorBundle::Open(folder / "variables" / "variables"));
    }
    return bundle->Read(key->second);
  };
  return ImportTf(flat, ends, read_variable, notes);
}

}  // namespace

Result<Model> ReadSavedModel(const std::filesystem::path& folder, const TfOptions& options,
                             std::vector<std::string>* notes) {
  tensorflow::SavedModel saved;
  QB_RETURN_IF_ERROR(ReadProtoFile(folder / "saved_model.pb", "a SavedModel", saved));
  auto model = Import(folder, saved, options, notes);
  if (!model.ok()) return model.status().WithContext(folder.string());
  return model;
}

}  // namespace qbench::graph::import
