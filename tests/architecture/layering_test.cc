// docs/architecture.md says which folder may include what. This reads every source file's
// #include lines and holds them against that table.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

namespace qbench {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = QBENCH_SOURCE_DIR;

struct Rule {
  std::string folder;                  // the longest that fits a file decides
  std::vector<std::string> may_use;    // folders of ours; "" for nothing
  std::vector<std::string> libraries;  // beginnings of third-party includes
};

// Everything may include the C and C++ standard libraries, POSIX and Linux headers.
const std::vector<Rule>& Rules() {
  static const std::vector<Rule> rules = {
      {"include/qbench", {}, {}},
      {"base", {}, {"fmt/", "spdlog/", "openssl/", "nlohmann/", "toml++/"}},
      {"base/archive", {"base"}, {"archive"}},
      {"graph", {"base"}, {}},
      {"graph/passes", {"graph", "base"}, {}},
      {"graph/numerics", {"graph", "base"}, {}},
      {"graph/pairing", {"graph", "graph/passes", "base"}, {}},
      {"graph/tflite",
       {"graph", "base"},
       {"flatbuffers/", "tflite_generated.h", "metadata_generated.h"}},
      {"graph/import", {"graph", "base"}, {}},
      {"graph/import/keras",
       {"graph", "graph/passes", "graph/numerics", "graph/import", "base/archive", "base"},
       {"hdf5.h"}},
      {"graph/import/onnx",
       {"graph", "graph/numerics", "graph/import", "base"},
       {"onnx.pb.h", "google/protobuf/"}},
      {"graph/import/tensorflow",
       {"graph", "graph/numerics", "graph/import", "base"},
       {"leveldb/", "google/protobuf/", "tensorflow.pb.h"}},
      {"kernels", {"graph", "graph/numerics", "base"}, {}},
      {"quantize", {"graph", "graph/passes", "graph/numerics", "graph/tflite", "base"}, {}},
      {"plugins/support", {"include/qbench", "base"}, {}},
      {"plugins/quantizers",
       {"include/qbench", "plugins/support", "quantize", "graph", "graph/passes", "graph/numerics",
        "graph/tflite", "base"},
       {}},
      {"plugins/runtimes",
       {"include/qbench", "plugins/support", "graph", "graph/passes", "graph/numerics",
        "graph/tflite", "kernels", "base"},
       {}},
      {"plugins/runtimes/xnnpack",
       {"include/qbench", "plugins/support", "plugins/runtimes", "graph", "graph/passes",
        "graph/numerics", "graph/tflite", "kernels", "base"},
       {"xnnpack.h", "pthreadpool.h"}},
      {"plugins/template", {"include/qbench"}, {}},
      {"datasets", {"base"}, {}},
      {"datasets/import", {"datasets", "base/archive", "base"}, {}},
      {"datasets/decoder", {"datasets", "base"}, {"opencv2/"}},
      {"datasets/scenes", {}, {"opencv2/"}},
      {"harness/stats", {"base"}, {"boost/math/"}},
      {"harness/store", {"base"}, {"SQLiteCpp/", "sqlite3.h"}},
      {"harness/baseline", {"harness/store", "datasets", "base"}, {}},
      {"harness/results", {"harness/store", "harness/stats", "base"}, {}},
      {"harness/host", {"include/qbench", "datasets", "base"}, {}},
      {"harness/checks",
       {"harness/host", "include/qbench", "datasets", "graph", "graph/numerics", "graph/tflite",
        "base"},
       {}},
      {"harness/measure",
       {"harness/host", "harness/store", "harness/stats", "base"},
       {"benchmark/"}},
      {"harness/jobs",
       {"harness/checks", "harness/measure", "harness/host", "harness/store", "harness/stats",
        "include/qbench", "datasets", "base"},
       {}},
      {"harness/worker",
       {"harness/jobs", "harness/checks", "harness/measure", "harness/host", "harness/store",
        "harness/stats", "include/qbench", "datasets", "graph", "graph/passes", "graph/numerics",
        "graph/pairing", "graph/tflite", "graph/import", "graph/import/keras", "graph/import/onnx",
        "graph/import/tensorflow", "base/archive", "base"},
       {}},
      {"harness/plan",
       {"harness/baseline", "harness/jobs", "harness/measure", "harness/host", "harness/store",
        "harness/stats", "datasets", "base"},
       {}},
      {"harness/run",
       {"harness/plan", "harness/baseline", "harness/jobs", "harness/measure", "harness/host",
        "harness/store", "harness/stats", "datasets", "base"},
       {"git_state.h"}},
      {"harness/conformance",
       {"harness/jobs", "harness/checks", "harness/host", "datasets", "graph", "graph/tflite",
        "base"},
       {}},
      {"reports", {"harness/results", "harness/store", "harness/stats", "base"}, {"kainjow/"}},
      {"cli",
       {"harness/conformance", "harness/checks", "harness/run", "harness/plan", "harness/baseline",
        "harness/jobs", "harness/measure", "harness/host", "harness/results", "harness/store",
        "harness/stats", "reports", "datasets", "datasets/import", "graph", "base"},
       {"boost/program_options"}},
  };
  return rules;
}

bool Within(const std::string& path, const std::string& folder) {
  return path.rfind(folder + "/", 0) == 0;
}

// The rule of the longest folder that holds `path`; null where there is none.
const Rule* RuleFor(const std::string& path) {
  const Rule* best = nullptr;
  for (const Rule& rule : Rules()) {
    if (!Within(path, rule.folder)) continue;
    if (best == nullptr || rule.folder.size() > best->folder.size()) best = &rule;
  }
  return best;
}

bool IsSource(const fs::path& path) {
  const std::string ending = path.extension().string();
  return ending == ".h" || ending == ".cc" || ending == ".c";
}

std::vector<std::string> Sources() {
  std::vector<std::string> sources;
  for (const char* top : {"include", "base", "graph", "kernels", "quantize", "plugins", "datasets",
                          "harness", "reports", "cli"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      if (IsSource(entry.path())) sources.push_back(fs::relative(entry.path(), kRoot).string());
    }
  }
  return sources;
}

// The folder of ours that `include` names, or "" where it is somebody else's.
std::string OwnPath(const std::string& include) {
  if (include.rfind("qbench/", 0) == 0) return "include/" + include;
  return fs::exists(kRoot / include) ? include : "";
}

// Standard headers have no dot and no slash ("vector"); C's, POSIX's and Linux's end in .h and are
// found in the lists below.
bool IsSystem(const std::string& include) {
  static const std::regex system(
      "[a-z_]+|(sys|linux|netinet)/[a-z_]+\\.h|"
      "(dlfcn|elf|errno|fcntl|limits|link|malloc|poll|pthread|sched|signal|spawn|stdbool|stddef|"
      "stdint|"
      "stdio|stdlib|string|time|unistd|math|features|cxxabi)\\.h");
  return std::regex_match(include, system);
}

std::string Check(const std::string& file, const std::string& include) {
  const Rule* rule = RuleFor(file);
  if (rule == nullptr) return "";
  if (const std::string own = OwnPath(include); !own.empty()) {
    const Rule* target = RuleFor(own);
    if (target == nullptr || target == rule) return "";
    const bool allowed = std::ranges::find(rule->may_use, target->folder) != rule->may_use.end();
    return allowed ? "" : file + " may not include " + include;
  }
  if (IsSystem(include)) return "";
  for (const std::string& library : rule->libraries) {
    if (include.rfind(library, 0) == 0) return "";
  }
  // Base shows fmt in its own headers, so everybody has it.
  if (rule->folder != "include/qbench" && include.rfind("fmt/", 0) == 0) return "";
  return file + " may not include <" + include + ">";
}

TEST(Layering, EveryIncludeIsAllowed) {
  const std::regex directive(R"(^\s*#\s*include\s*["<]([^">]+)[">])");
  size_t includes = 0;
  for (const std::string& file : Sources()) {
    std::ifstream stream(kRoot / file);
    for (std::string line; std::getline(stream, line);) {
      std::smatch match;
      if (!std::regex_search(line, match, directive)) continue;
      ++includes;
      EXPECT_EQ(Check(file, match[1]), "");
    }
  }
  EXPECT_GT(includes, 500U);
}

TEST(Layering, EveryFileHasARule) {
  for (const std::string& file : Sources()) EXPECT_NE(RuleFor(file), nullptr) << file;
}

TEST(Layering, TheRulesCanFail) {
  EXPECT_NE(Check("base/files.cc", "graph/ir.h"), "");
  EXPECT_NE(Check("cli/main.cc", "plugins/support/options.h"), "");
  EXPECT_NE(Check("graph/ir.cc", "opencv2/core.hpp"), "");
  EXPECT_EQ(Check("graph/ir.cc", "base/status.h"), "");
}

// What plugins do by default follows from their descriptors (docs/plugin-abi.md).
TEST(Layering, TheHarnessKnowsNoPluginByName) {
  const std::regex compared(
      "[!=]= "
      "*\"(float|fp16|dynamic|weight_only|int4|int8|uint8|int16x8|litert|reference|xnnpack)\"");
  std::vector<std::string> found;
  for (const std::string& file : Sources()) {
    if (!Within(file, "harness")) continue;
    std::ifstream stream(kRoot / file);
    for (std::string line; std::getline(stream, line);) {
      if (std::regex_search(line, compared)) found.push_back(file + ":" + line);
    }
  }
  // What is stored of earlier versions' runs has the baseline's name alone.
  EXPECT_EQ(found, std::vector<std::string>{"harness/results/summary.cc:  return quantizer.name == "
                                            "\"float\";"});
}

TEST(Layering, FileNamesAreUnique) {
  std::map<std::string, std::string> seen;
  for (const std::string& file : Sources()) {
    const auto [other, fresh] = seen.emplace(fs::path(file).filename().string(), file);
    EXPECT_TRUE(fresh) << file << " and " << other->second;
  }
}

}  // namespace
}  // namespace qbench
