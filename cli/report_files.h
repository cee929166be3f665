// What the commands that make reports have in common: a list of formats, and where each report
// goes.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "cli/arguments.h"

namespace qbench::cli {

template <typename Format>
struct NamedFormat {
  std::string name;  // as the user wrote it
  Format format = Format();
};

// The formats of --format, a list with commas. `from_name` gives a format or the error for a name.
// kInvalidArgument where there are several and --output, which goes with one.
template <typename Format>
Result<std::vector<NamedFormat<Format>>> FormatsOf(const Arguments& arguments,
                                                   Result<Format> (*from_name)(std::string_view)) {
  const auto& list = arguments.Get<std::string>("format");
  std::vector<NamedFormat<Format>> formats;
  size_t start = 0;
  while (start <= list.size()) {
    const size_t comma = std::min(list.find(',', start), list.size());
    NamedFormat<Format> format{list.substr(start, comma - start)};
    QB_ASSIGN_OR_RETURN(format.format, from_name(format.name));
    formats.push_back(std::move(format));
    start = comma + 1;
  }
  if (formats.size() > 1 && arguments.Has("output")) {
    return Error(StatusCode::kInvalidArgument, "--output goes with one format");
  }
  return formats;
}

// Writes a report to the file, whose whole path is then printed; to standard output where `path` is
// empty. A WriteError.
Status WriteReport(const std::filesystem::path& path, const std::string& text);

// The same of a report that is made in pieces: write(sink) gives them to the sink. Its failure is
// returned, and then there is no new file.
using PieceSink = std::function<Status(std::string_view piece)>;
Status WriteReportInPieces(const std::filesystem::path& path,
                           const std::function<Status(const PieceSink&)>& write);

}  // namespace qbench::cli
