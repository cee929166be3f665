// Importing a peer's MobileNetV2 (alpha 1, 299 x 299) from disk to disk, beside the least that
// there is to do: reading the file and writing as many bytes as come out of it.
#include "base/atomic_file.h"
#include "base/files.h"
#include "graph/import/keras/keras_model.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_writer.h"
#include "tests/benchmarks/benchmark_inputs.h"
#include "tests/graph/peer_files.h"

namespace qbench::benchmarks {
namespace {

class FileSink : public graph::TfliteSink {
 public:
  static Result<FileSink> Create(const std::filesystem::path& path) {
    FileSink sink;
    QB_ASSIGN_OR_RETURN(sink.file_, AtomicFile::Create(path));
    return sink;
  }
  Status Begin(size_t) override { return OkStatus(); }
  Status Append(ByteSpan part) override { return file_->Append(part); }
  Status Commit() { return file_->Commit(); }

 private:
  std::optional<AtomicFile> file_;
};

std::filesystem::path Peer() { return graph::SharedDir() / "peers" / "mbv2_100_299.h5"; }

Status Import(const std::filesystem::path& from, const std::filesystem::path& to) {
  QB_ASSIGN_OR_RETURN(graph::Model model, graph::import::ReadKerasModel(from));
  QB_RETURN_IF_ERROR(graph::Optimize(model));
  QB_ASSIGN_OR_RETURN(FileSink sink, FileSink::Create(to));
  QB_RETURN_IF_ERROR(graph::WriteTflite(std::move(model), {.statistics = true}, sink));
  return sink.Commit();
}

bool IsThere(benchmark::State& state) {
  if (std::filesystem::exists(Peer())) return Check(state, ScratchFolder());
  state.SetLabel(graph::kNoPeers);
  for ([[maybe_unused]] const auto _ : state) {
  }
  return false;
}

void ImportPeerToDisk(benchmark::State& state) {
  if (!IsThere(state)) return;
  const std::filesystem::path to = ScratchFolder()->path() / "peer.tflite";
  for ([[maybe_unused]] const auto _ : state) {
    if (!Check(state, Import(Peer(), to))) return;
  }
}
BENCHMARK(ImportPeerToDisk)->UseRealTime()->Unit(benchmark::kMillisecond);

void ReadPeerAndWriteResult(benchmark::State& state) {
  if (!IsThere(state)) return;
  const std::filesystem::path to = ScratchFolder()->path() / "peer.tflite";
  if (!Check(state, Import(Peer(), to))) return;
  const Result<Bytes> result = ReadFile(to);
  if (!Check(state, result)) return;
  for ([[maybe_unused]] const auto _ : state) {
    const Result<Bytes> read = ReadFile(Peer());
    if (!Check(state, read)) return;
    Result<FileSink> sink = FileSink::Create(to);
    if (!Check(state, sink)) return;
    if (!Check(state, sink->Append(*result)) || !Check(state, sink->Commit())) return;
  }
}
BENCHMARK(ReadPeerAndWriteResult)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace qbench::benchmarks
