// A database that was damaged, or made to look like ours (harness/store/store.h): opened, and every
// run in it read.
#include "base/files.h"
#include "harness/store/store.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/store/sample_run.h"

namespace qbench::fuzz {
namespace {

std::vector<Bytes> Seeds() {
  const std::filesystem::path path = ScratchFolder() / "seed.sqlite";
  {
    auto store = store::Store::Open(path, store::OpenMode::kReadWrite);
    if (!store.ok()) Fail(store.status().message());
    store::SampleRunOptions options;
    options.images = 12;
    options.processes = 1;
    options.quantizers = {"float", "int8"};
    options.with_comparisons = false;
    const auto run = store::StoreSampleRun(*store, options);
    if (!run.ok()) Fail(run.status().message());
  }
  Result<Bytes> file = ReadFile(path);
  if (!file.ok()) Fail(file.status().message());
  return {std::move(*file)};
}

// Of the disk and of locks speak other tests; here kIo would be the file's doing.
bool RefusedDatabase(const Status& status) {
  return status.code() == StatusCode::kIo || Refused(status);
}

bool ReadAll(store::Store& store) {
  const auto runs = store.Runs();
  if (!runs.ok()) return !RefusedDatabase(runs.status());
  for (const store::Run& run : *runs) {
    const auto data = store.LoadRun(run.id);
    if (!data.ok()) return !RefusedDatabase(data.status());
    for (const store::CellData& cell : data->cells) {
      if (!data->models.contains(cell.cell.model_id)) Fail("a cell without its model");
    }
  }
  return true;
}

bool Run(ByteSpan input) {
  const std::filesystem::path path = ScratchFile("fuzzed.sqlite", input);
  bool accepted = false;
  for (const auto mode : {store::OpenMode::kReadOnly, store::OpenMode::kReadWrite}) {
    for (const char* left_over : {"-wal", "-shm", "-journal"}) {
      std::filesystem::remove(path.string() + left_over);
    }
    auto store = store::Store::Open(path, mode);
    if (store.ok()) {
      accepted |= ReadAll(*store);
    } else {
      RefusedDatabase(store.status());
    }
  }
  return accepted;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"database", Seeds, Run};
  return target;
}

}  // namespace qbench::fuzz
