// Mutated Keras files through the reader and all that is behind it: shared by the fuzz program and
// by the small seeded part in the unit tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "base/files.h"
#include "graph/import/keras_file.h"
#include "graph/import/keras_h5.h"
#include "graph/import/keras_import.h"
#include "graph/passes.h"
#include "graph/tflite_reader.h"
#include "graph/tflite_writer.h"
#include "graph/validate.h"
#include "tests/fuzz/mutate.h"

namespace qbench::fuzz {

// A model that was read is valid, can be optimized, and what is written of it can be read.
inline Status CheckAccepted(graph::Model model) {
  QB_RETURN_IF_ERROR(graph::Validate(model));
  QB_RETURN_IF_ERROR(graph::Optimize(model));
  QB_ASSIGN_OR_RETURN(Bytes bytes, graph::WriteTflite(model));
  return graph::ReadTflite(std::make_shared<const Bytes>(std::move(bytes))).status();
}

class KerasMutations {
 public:
  // kIo or the reader's error where the original itself cannot be read.
  static Result<KerasMutations> Open(const std::filesystem::path& original) {
    QB_ASSIGN_OR_RETURN(Bytes bytes, ReadFile(original));
    QB_ASSIGN_OR_RETURN(auto file, graph::import::ReadKerasFile(original));
    QB_ASSIGN_OR_RETURN(auto folder, TempDir::Create("keras-mutations"));
    return KerasMutations(std::move(bytes), std::move(file), std::move(folder));
  }

  // The reader on a mutated copy of the file. False where it refused it; a failure where it
  // accepted what does not hold, or blamed itself.
  Result<bool> TryFile(uint64_t seed) const {
    const std::filesystem::path path = folder_.path() / "mutated.h5";
    const Bytes mutated = Mutator(seed).Mutate(bytes_);
    // Not WriteFileAtomically, which waits for the disk.
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(mutated.data()),
              static_cast<std::streamsize>(mutated.size()));
    out.close();
    if (!out) return Error(StatusCode::kIo, "cannot write {}", path.string());
    return Judge(graph::import::ReadKerasH5(path));
  }

  // The same for what comes after HDF5, in this process: the configuration is mutated.
  Result<bool> TryConfig(uint64_t seed) const {
    const ByteSpan config = AsBytes(file_.model_config);
    const Bytes mutated = Mutator(seed).Mutate(Bytes(config.begin(), config.end()));
    graph::import::KerasFile file = file_;
    file.model_config.assign(mutated.begin(), mutated.end());
    return Judge(graph::import::ImportKeras(file));
  }

 private:
  KerasMutations(Bytes bytes, graph::import::KerasFile file, TempDir folder)
      : bytes_(std::move(bytes)), file_(std::move(file)), folder_(std::move(folder)) {}

  static Result<bool> Judge(Result<graph::Model> model) {
    if (model.ok()) {
      QB_RETURN_IF_ERROR(CheckAccepted(std::move(*model)));
      return true;
    }
    const StatusCode code = model.status().code();
    const bool refused = code == StatusCode::kCorrupt || code == StatusCode::kUnsupported ||
                         code == StatusCode::kInvalidArgument;
    if (!refused) return model.status().WithContext("not the file's fault");
    return false;
  }

  Bytes bytes_;
  graph::import::KerasFile file_;
  TempDir folder_;
};

}  // namespace qbench::fuzz
