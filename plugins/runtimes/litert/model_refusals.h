// Why a model does not run in LiteRT: what its file tells before it is loaded, and what LiteRT's
// own messages add.
#pragma once

#include <string>
#include <vector>

#include "graph/tflite/tflite_reader.h"

namespace qbench::litert {

// kUnsupported for a model that LiteRT's library cannot run, or only fails on when it is run: one
// for an Edge TPU, one with TensorFlow's own operators, one with an input of no fixed size, one
// with int16 activations into HARD_SWISH. The message says what to do.
Status RefuseWhatCannotRun(const graph::TfliteInfo& info, ByteSpan bytes);

// `failure` with LiteRT's own error lines at its end, and before them what helps where that is
// known.
Status DescribeFailure(const Status& failure, const std::vector<std::string>& lines,
                       bool loads_without_delegate);

}  // namespace qbench::litert
