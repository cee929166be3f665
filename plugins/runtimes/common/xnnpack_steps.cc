#include "plugins/runtimes/common/xnnpack_steps.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace qbench::plugin {
namespace {

// Points of an alignment. What is exact (a depthwise kernel for a depthwise convolution) wins over
// what is possible.
constexpr int kExact = 5;
constexpr int kPossible = 4;
constexpr int kNever = -1000000;

// "HARD_SWISH", "HardSwish (NC, F32)" -> "hardswish".
std::string Plain(std::string_view name) {
  std::string plain;
  for (const char c : name.substr(0, name.find('('))) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return plain;
}

// Steps whose name is not the operator's: of XNNPACK's xnn_operator_type_to_string.
struct Alias {
  std::string_view op;
  std::string_view step;
};
constexpr std::array kAliases = {Alias{"averagepool2d", "averagepooling"},
                                 Alias{"averagepool2d", "globalaveragepooling"},
                                 Alias{"concatenation", "copy"},
                                 Alias{"concatenation", "concatenate"},
                                 Alias{"conv2d", "fullyconnected"},
                                 Alias{"dequantize", "convert"},
                                 Alias{"div", "divide"},
                                 Alias{"fullyconnected", "dynamicfullyconnected"},
                                 Alias{"fullyconnected", "batchmatrixmultiply"},
                                 Alias{"logistic", "sigmoid"},
                                 Alias{"maxpool2d", "maxpooling"},
                                 Alias{"maxpool2d", "maximumpooling"},
                                 Alias{"mean", "globalaveragepooling"},
                                 Alias{"mean", "sum"},
                                 Alias{"mul", "multiply"},
                                 Alias{"pad", "constantpad"},
                                 Alias{"quantize", "convert"},
                                 Alias{"relu", "clamp"},
                                 Alias{"relu6", "clamp"},
                                 Alias{"relun1to1", "clamp"},
                                 Alias{"reshape", "copy"},
                                 Alias{"reshape", "staticreshape"},
                                 Alias{"softmax", "softargmax"},
                                 Alias{"sub", "subtract"},
                                 Alias{"transposeconv", "deconvolution"}};

int Points(std::string_view op, std::string_view step, std::string_view tag) {
  if (step == "convolution") {
    const bool depthwise = tag.find("DWConv") != std::string_view::npos;
    if (op == "conv2d") return depthwise ? kPossible : kExact;
    if (op == "depthwiseconv2d") return depthwise ? kExact : kPossible;
    return kNever;
  }
  if (op == step) return kExact;
  const bool known = std::ranges::any_of(
      kAliases, [&](const Alias& alias) { return alias.op == op && alias.step == step; });
  return known ? kExact : kNever;
}

// Longest common subsequences, weighted: before_[i][j] has the most points of the first i operators
// with the first j steps, after_[i][j] those of the others.
class Alignment {
 public:
  Alignment(std::span<const DelegatedOp> ops, std::span<const std::string> steps)
      : ops_(ops), steps_(steps) {
    for (const DelegatedOp& op : ops) op_names_.push_back(Plain(op.kind));
    for (const std::string& step : steps) step_names_.push_back(Plain(step));
    before_.assign((ops.size() + 1) * (steps.size() + 1), 0);
    after_ = before_;
    for (size_t i = 0; i <= ops.size(); ++i) {
      for (size_t j = 0; j <= steps.size(); ++j) {
        int& best = before_[At(i, j)];
        if (i > 0) best = std::max(best, before_[At(i - 1, j)]);
        if (j > 0) best = std::max(best, before_[At(i, j - 1)]);
        for (size_t n = 1; i > 0 && n <= std::min(MostSteps(i - 1), j); ++n) {
          best = std::max(best, before_[At(i - 1, j - n)] + Match(i - 1, j - n, n));
        }
      }
    }
    for (size_t i = ops.size() + 1; i-- > 0;) {
      for (size_t j = steps.size() + 1; j-- > 0;) {
        int& best = after_[At(i, j)];
        if (i < ops.size()) best = std::max(best, after_[At(i + 1, j)]);
        if (j < steps.size()) best = std::max(best, after_[At(i, j + 1)]);
        for (size_t n = 1; i < ops.size() && n <= std::min(MostSteps(i), steps.size() - j); ++n) {
          best = std::max(best, Match(i, j, n) + after_[At(i + 1, j + n)]);
        }
      }
    }
  }

  // Each step's operator where every best alignment gives it the same one; else -1.
  std::vector<int32_t> Agreed() const {
    std::vector<int32_t> agreed(steps_.size(), kUndecided);
    const auto offer = [&](size_t step, int32_t op) {
      agreed[step] = agreed[step] == kUndecided || agreed[step] == op ? op : -1;
    };
    const int best = after_[0];
    for (size_t i = 0; i <= ops_.size(); ++i) {
      for (size_t j = 0; j < steps_.size(); ++j) {
        if (before_[At(i, j)] + after_[At(i, j + 1)] == best) offer(j, -1);
        for (size_t n = 1; i < ops_.size() && n <= std::min(MostSteps(i), steps_.size() - j); ++n) {
          if (before_[At(i, j)] + Match(i, j, n) + after_[At(i + 1, j + n)] != best) continue;
          for (size_t k = j; k < j + n; ++k) offer(k, static_cast<int32_t>(i));
        }
      }
    }
    return agreed;
  }

 private:
  static constexpr int32_t kUndecided = -2;

  size_t At(size_t i, size_t j) const { return i * (steps_.size() + 1) + j; }

  // How many steps operator i may have.
  size_t MostSteps(size_t i) const { return ops_[i].flattens ? 2 : ops_[i].most_steps; }

  // The points of operator i taking the n steps from j on.
  int Match(size_t i, size_t j, size_t n) const {
    if (ops_[i].flattens && n == 2) {
      if (step_names_[j] != "staticreshape") return kNever;
      return Points(op_names_[i], step_names_[j + 1], steps_[j + 1]) + 1;
    }
    int points = 0;
    for (size_t k = j; k < j + n; ++k) {
      points += Points(op_names_[i], step_names_[k], steps_[k]);
    }
    return points;
  }

  std::span<const DelegatedOp> ops_;
  std::span<const std::string> steps_;
  std::vector<std::string> op_names_;
  std::vector<std::string> step_names_;
  std::vector<int> before_;
  std::vector<int> after_;
};

}  // namespace

std::vector<int32_t> AlignXnnpackSteps(std::span<const DelegatedOp> ops,
                                       std::span<const std::string> steps) {
  std::vector<int32_t> assigned = Alignment(ops, steps).Agreed();
  for (size_t i = 0; i + 1 < assigned.size(); ++i) {
    const bool conversion = assigned[i] < 0 && Plain(steps[i]) == "convert";
    if (conversion && steps[i + 1].find("QD") != std::string::npos) assigned[i] = assigned[i + 1];
  }
  return assigned;
}

}  // namespace qbench::plugin
