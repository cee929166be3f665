// A quantized model's layers against the float model's, as HTML: the page of `qbench diff --html`,
// and the same within the report of a run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace qbench::reports {

struct LayerPage {
  struct Column {
    std::string title;
    std::string explanation;
    bool is_number = false;
  };
  struct Row {
    std::vector<std::string> cells;  // one a column
    bool marked = false;             // a layer that the verdict names
    // For the chart, in dB; none where nothing differs or nothing was measured.
    std::optional<double> sqnr_db = std::nullopt;
    std::optional<double> own_sqnr_db = std::nullopt;
  };
  std::string headline;
  std::vector<std::string> circumstances;
  std::vector<std::string> verdict;  // paragraphs
  std::vector<std::string> warnings;
  std::vector<Column> columns;
  std::vector<Row> rows;  // in the order in which the layers run
  std::string recipe;     // that keeps the worst in float; may be empty
};

// A file of its own that loads nothing. All texts are escaped. kInternal: the template is broken.
Result<std::string> LayerPageHtml(const LayerPage& page);

}  // namespace qbench::reports
