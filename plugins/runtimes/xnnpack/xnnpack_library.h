// The XNNPACK library as a whole: its start, its status codes, and which file it is.
#pragma once

#include <xnnpack.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace qbench::xnnpack {

// Starts XNNPACK, once a process; any thread. kUnsupported where this processor is below its least.
Status Initialize();

// `what` failed with this code: kOutOfMemory, or kUnsupported, since XNNPACK answers every graph
// that it cannot run with one of several codes for bad parameters.
Status FromXnn(xnn_status status, std::string_view what);

// The file that is loaded, and its hash. XNNPACK has no version that a program could ask for.
struct LibraryFile {
  std::filesystem::path path;
  std::string sha256;
};
// Read once a process.
const Result<LibraryFile>& LoadedFile();

struct SubgraphDeleter {
  void operator()(xnn_subgraph* subgraph) const { xnn_delete_subgraph(subgraph); }
};
using SubgraphPtr = std::unique_ptr<xnn_subgraph, SubgraphDeleter>;

struct RuntimeDeleter {
  void operator()(xnn_runtime* runtime) const { xnn_delete_runtime(runtime); }
};
using RuntimePtr = std::unique_ptr<xnn_runtime, RuntimeDeleter>;

struct ThreadPoolDeleter {
  void operator()(pthreadpool* pool) const { pthreadpool_destroy(pool); }
};
using ThreadPoolPtr = std::unique_ptr<pthreadpool, ThreadPoolDeleter>;

}  // namespace qbench::xnnpack
