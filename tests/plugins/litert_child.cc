#include "tests/plugins/litert_child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "graph/tflite/tflite_reader.h"
#include "harness/checks/random_operator.h"
#include "tests/plugins/runtime_comparison.h"

namespace qbench {
namespace {

struct FreeDeleter {
  void operator()(uint8_t* memory) const { std::free(memory); }
};

// A copy at the alignment that LiteRT asks for; it outlives what is loaded from it.
class AlignedFile {
 public:
  explicit AlignedFile(const Bytes& file)
      : memory_(static_cast<uint8_t*>(std::aligned_alloc(64, (file.size() + 63) / 64 * 64))),
        size_(file.size()) {
    std::memcpy(memory_.get(), file.data(), size_);
  }
  ByteSpan bytes() const { return {memory_.get(), size_}; }

 private:
  std::unique_ptr<uint8_t, FreeDeleter> memory_;
  size_t size_;
};

Status LoadAndRun(const Bytes& file, const std::string& mode) {
  QB_ASSIGN_OR_RETURN(const graph::Model model,
                      graph::ReadTflite(std::make_shared<const Bytes>(file)));
  const AlignedFile aligned(file);
  QB_ASSIGN_OR_RETURN(PluginModel litert,
                      PluginModel::Load("litert", {"kernels", mode.c_str()}, aligned.bytes()));
  graph::Random random(1);
  std::vector<Bytes> inputs;
  for (const graph::TensorId id : model.graph.inputs) {
    const graph::Tensor& tensor = model.graph.tensors[static_cast<size_t>(id)];
    inputs.push_back(graph::RandomValues(tensor.type, tensor.shape, random));
  }
  return litert.Run(inputs);
}

}  // namespace

void PrintTo(LitertTrial trial, std::ostream* out) {
  constexpr std::array<const char*, 3> kNames = {"ran", "refused", "ended the process"};
  *out << kNames.at(static_cast<size_t>(trial));
}

LitertTrial TryInLitert(const Bytes& file, const std::string& mode, std::string* reason) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return LitertTrial::kEnded;
  const pid_t child = fork();
  if (child == 0) {
    // What LiteRT says before it aborts is not for the test's output.
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
    const Status status = LoadAndRun(file, mode);
    const std::string text(status.message());
    [[maybe_unused]] const auto written = write(ends[1], text.data(), text.size());
    _exit(status.ok() ? 0 : 1);
  }
  close(ends[1]);
  std::array<char, 1024> text{};
  const ssize_t size = read(ends[0], text.data(), text.size());
  close(ends[0]);
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return LitertTrial::kEnded;
  if (reason != nullptr && size > 0) reason->assign(text.data(), static_cast<size_t>(size));
  return WEXITSTATUS(status) == 0 ? LitertTrial::kRan : LitertTrial::kRefused;
}

Result<std::vector<float>> AnswerOfLitert(const Bytes& file, const std::string& mode,
                                          const std::vector<float>& input, size_t count) {
  const AlignedFile aligned(file);
  QB_ASSIGN_OR_RETURN(PluginModel litert,
                      PluginModel::Load("litert", {"kernels", mode.c_str()}, aligned.bytes()));
  const ByteSpan bytes = AsBytes(input);
  QB_RETURN_IF_ERROR(litert.Run({Bytes(bytes.begin(), bytes.end())}));
  QB_ASSIGN_OR_RETURN(const Bytes output, litert.Output(0, count * sizeof(float)));
  std::vector<float> values(count);
  std::memcpy(values.data(), output.data(), output.size());
  return values;
}

}  // namespace qbench
