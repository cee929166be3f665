// A model tried in LiteRT, in a process of its own: what LiteRT does not bear may end it.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace qbench {

enum class LitertTrial { kRan, kRefused, kEnded };

// Prints the enumerator's name, for messages of tests.
void PrintTo(LitertTrial trial, std::ostream* out);

// Loads the file in the plugin `litert` with kernels=`mode` and runs it on random inputs.
// `reason`, where it is not null, gets what LiteRT says of a refusal.
LitertTrial TryInLitert(const Bytes& file, const std::string& mode, std::string* reason = nullptr);

// The `count` values of the model's one float output for one float input, in this process.
Result<std::vector<float>> AnswerOfLitert(const Bytes& file, const std::string& mode,
                                          const std::vector<float>& input, size_t count);

}  // namespace qbench
