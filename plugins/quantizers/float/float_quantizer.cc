// The `float` quantizer: the model as it is, so that every other quantizer is compared with a row
// made in the same way. A model that is quantized already passes too, which puts the files of other
// converters beside ours. What an imported model says for quantizers alone (output_statistics.h) is
// left out: an application has no use for it.
#include <memory>

#include "graph/output_statistics.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "plugins/support/quantizer_plugin.h"

namespace qbench {
namespace {

class FloatQuantizer : public plugin::Quantizer {
 public:
  Status Init(const plugin::Options& /*options*/) override { return OkStatus(); }

  Status Quantize(ByteSpan model, const plugin::HostServices& host) override {
    QB_RETURN_IF_ERROR(graph::InspectTflite(model).status());
    auto read = graph::ReadTflite(nullptr, model);
    if (!read.ok() || !graph::HasStatistics(read->graph)) return host.EmitModel(model);
    QB_ASSIGN_OR_RETURN(const Bytes artifact, graph::WriteTflite(std::move(*read)));
    return host.EmitModel(artifact);
  }
};

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = "float",
       .summary = "the model as it is: float32 weights and activations",
       .options = {},
       .baseline = true,
       .make = []() -> std::unique_ptr<Quantizer> { return std::make_unique<FloatQuantizer>(); }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
