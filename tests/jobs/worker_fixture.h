// What the tests of the worker share: a tiny model, tensors to feed it with, and short ways to name
// plugins and run jobs.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/sha256.h"
#include "datasets/decode.h"
#include "datasets/tensor_file.h"
#include "graph/tflite/tflite_writer.h"
#include "harness/jobs/run_job.h"

namespace qbench::jobs {

class WorkerTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kSide = 4;
  static constexpr uint32_t kChannels = 3;
  static inline const std::filesystem::path kBuild = QBENCH_BINARY_DIR;

  void SetUp() override {
    Result<TempDir> folder = TempDir::Create("qbench-test-");
    ASSERT_TRUE(folder.ok()) << folder.status().message();
    folder_.emplace(std::move(folder).value());
    WriteModel();
  }

  std::filesystem::path Path(const std::string& name) const { return folder_->path() / name; }
  std::filesystem::path model() const { return Path("model.tflite"); }

  // float32 [1, 4, 4, 3] -> MEAN over height and width -> [1, 3].
  void WriteModel() {
    graph::Model model;
    graph::Graph& graph = model.graph;
    const graph::TensorId input = graph.AddTensor(
        {.name = "image", .shape = {1, kSide, kSide, kChannels}, .dynamic_batch = true});
    const graph::TensorId axes = graph.AddConstant("axes", {2}, std::vector<int32_t>{1, 2});
    const graph::TensorId output =
        graph.AddTensor({.name = "scores", .shape = {1, kChannels}, .dynamic_batch = true});
    graph.inputs = {input};
    graph.outputs = {output};
    graph.ops.push_back(
        {graph::OpKind::kMean, graph::MeanOptions{}, {input, axes}, {output}, "mean"});
    const Result<Bytes> bytes = graph::WriteTflite(model);
    ASSERT_TRUE(bytes.ok()) << bytes.status().message();
    ASSERT_TRUE(WriteFileAtomically(this->model(), *bytes).ok());
  }

  struct FakeImage {
    std::vector<uint8_t> rgb;  // all pixels have this colour
    int32_t label = 0;
    bool broken = false;
  };

  // A tensor cache with these images, offered in the order they have.
  SamplesRef WriteTensors(const std::string& name, const std::vector<FakeImage>& images) {
    datasets::TensorFileHeader header{};
    header.magic = datasets::kTensorMagic;
    header.version = datasets::kTensorVersion;
    header.width = kSide;
    header.height = kSide;
    header.channels = kChannels;
    header.count = images.size();
    SamplesRef ref;
    ref.tensor_cache = Path(name);
    ref.tensor_key = std::string(64, 'a');
    std::string reasons;
    std::vector<uint8_t> content;
    for (size_t i = 0; i < images.size(); ++i) {
      if (images[i].broken) reasons += std::to_string(i) + " broken on purpose\n";
    }
    header.reason_bytes = reasons.size();
    std::copy_n(ref.tensor_key.begin(), 64, header.key.begin());
    const auto layout = datasets::LayOutTensorFile(header);
    EXPECT_TRUE(layout.ok());
    content.resize(layout->total_bytes);
    for (size_t i = 0; i < images.size(); ++i) {
      content[layout->status + i] = static_cast<uint8_t>(
          images[i].broken ? datasets::ImageStatus::kBroken : datasets::ImageStatus::kOk);
      std::memcpy(&content[layout->labels + i * 4], &images[i].label, 4);
      const size_t pixels = size_t{kSide} * kSide * kChannels;
      for (size_t p = 0; p < pixels && !images[i].broken; ++p) {
        content[layout->pixels + i * pixels + p] = images[i].rgb[p % kChannels];
      }
      ref.order.push_back(i);
    }
    std::copy(reasons.begin(), reasons.end(), content.begin() + static_cast<long>(layout->reasons));
    const std::string digest = Sha256Hex(ByteSpan(content).subspan(sizeof(header)));
    std::copy_n(digest.begin(), 64, header.content_sha256.begin());
    std::memcpy(content.data(), &header, sizeof(header));
    EXPECT_TRUE(WriteFileAtomically(ref.tensor_cache, content).ok());
    ref.mean = {0, 0, 0};
    ref.std = {255, 255, 255};
    ref.label_outputs = {0, 1, 2};
    return ref;
  }

  // Six images: red, green, blue, a broken one, green labelled as red, and grey (a tie).
  SamplesRef WriteTestTensors() {
    return WriteTensors("test.tensors", {{{255, 10, 0}, 0},
                                         {{10, 255, 0}, 1},
                                         {{10, 0, 255}, 2},
                                         {{0, 0, 0}, 2, true},
                                         {{10, 255, 0}, 0},
                                         {{128, 128, 128}, 0}});
  }

  static PluginUse Fake(const std::string& id, std::vector<host::Option> options = {}) {
    return {kBuild / "lib/qbench/fake" / (id + ".so"), id, std::move(options)};
  }
  static PluginUse Hostile(const std::string& id) {
    return {kBuild / "lib/qbench/hostile" / (id + ".so"), id, {}};
  }
  static PluginUse Example(const std::string& id, std::vector<host::Option> options = {}) {
    return {kBuild / "lib/qbench/examples" / (id + ".so"), id, std::move(options)};
  }

  JobOutcome Run(const Job& job, JobLimits limits = {}, const JobCallbacks& callbacks = {}) const {
    JobSettings settings;
    settings.programs = kBuild / "bin";
    settings.scratch = folder_->path();
    settings.limits = limits;
    return RunJob(job, settings, callbacks);
  }

 private:
  std::optional<TempDir> folder_;
};

}  // namespace qbench::jobs
