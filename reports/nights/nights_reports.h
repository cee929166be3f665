// The nights of a database as text, HTML, CSV and JSON. Every report is a function of the watch
// (and, where they are given, of where the nights' own reports lie) alone: no clock, no file, the
// same bytes for the same rows. docs/formats.md documents columns and keys, docs/nightly.md what
// they mean. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "harness/results/night_watch.h"

namespace qbench::reports {

enum class NightsFormat { kText, kHtml, kCsv, kJson };
// "text", "html", "csv", "json"; kInvalidArgument naming them otherwise.
Result<NightsFormat> NightsFormatFromName(std::string_view name);

// Where the own report of a night lies, as a page beside it would link it, by the run's number.
using NightLinks = std::map<int64_t, std::string>;

// What a folder of nights tells beside the database.
struct NightFolders {
  struct Failure {
    std::string name;  // of the night's folder
    std::string text;  // the error, one line
  };
  NightLinks links = {};
  std::vector<Failure> failures = {};  // nights that ended in an error, the newest first
  bool newest_failed = false;          // the first of them is the newest night of all
};

// For a terminal of 80 columns: the newest verdict, what crept, the nights and the cells' trends.
std::string NightsText(const results::Watch& watch);

// One row a night, the newest first; the columns are those of NightRow.
std::string NightsCsv(const results::Watch& watch, const NightLinks& links);

// One object, for machines, with the figures of every cell on every night.
std::string NightsJson(const results::Watch& watch, const NightLinks& links);

// One self-contained page. kInternal where the page's template is broken.
Result<std::string> NightsHtml(const results::Watch& watch, const NightFolders& folders);

}  // namespace qbench::reports
