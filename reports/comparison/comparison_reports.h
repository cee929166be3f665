// A comparison of two sides as text, Markdown, HTML, CSV and JSON. Every report is a function of
// the comparison (and, of the page, of the pictures given) alone: no clock, no file, the same bytes
// for the same rows. docs/formats.md documents columns and keys, docs/comparing.md what they mean.
// Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "harness/results/comparison.h"
#include "reports/pictures.h"
#include "reports/reports.h"

namespace qbench::reports {

enum class ComparisonFormat { kText, kHtml, kMarkdown, kCsv, kJson };
// "text", "html", "md" (or "markdown"), "csv", "json"; kInvalidArgument naming them otherwise.
Result<ComparisonFormat> ComparisonFormatFromName(std::string_view name);

// For a terminal of 80 columns: the answer, the table, what differs, the images that changed. Ends
// with a line feed.
std::string ComparisonText(const results::Comparison& comparison);

// The part of it that says what differs, what could explain a difference first, `most` of them;
// begins with an empty line. Nothing where nothing differs.
std::string DifferencesText(const std::vector<results::FactDifference>& differences, size_t most);

// GitHub-flavoured Markdown, as for a comment on a pull request: the answer, the table, and the
// rest folded away.
std::string ComparisonMarkdown(const results::Comparison& comparison);

// One row a pair of cells, and a cell without a counterpart; the columns are those of
// results::CellComparison and `why`.
std::string ComparisonCsv(const results::Comparison& comparison);

// One row an image that changed its class and pair of cells.
std::string ComparisonFlipsCsv(const results::Comparison& comparison);

// One object, for machines, cell by cell: of thousands it would fill the memory. Fails where the
// sink does.
Status WriteComparisonJson(const results::Comparison& comparison, const Sink& sink);
// The same as one text.
std::string ComparisonJson(const results::Comparison& comparison);

// The images of which a page would show a picture, those that matter most first, each once.
std::vector<PictureKey> WantedPictures(const results::Comparison& comparison);

// One self-contained page. kInternal where the page's template is broken.
Result<std::string> ComparisonHtml(const results::Comparison& comparison, const Pictures& pictures);

}  // namespace qbench::reports
