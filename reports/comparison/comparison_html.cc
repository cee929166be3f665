#include <kainjow/mustache.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <string_view>

#include "fmt/format.h"
#include "reports/comparison/comparison_reports.h"
#include "reports/comparison/comparison_table.h"
#include "reports/comparison/comparison_words.h"
#include "reports/flipped_images.h"
#include "reports/html_flips.h"
#include "reports/page_data.h"
#include "reports/text_format.h"
#include "reports/variants.h"

namespace qbench::reports {

// Made at build time from page/.
extern const std::string_view kComparisonTemplate;
extern const std::string_view kComparisonStyle;
extern const std::string_view kPageStyle;

namespace {

using kainjow::mustache::data;
using results::CellComparison;
using results::CellPair;
using results::Comparison;
using results::FactDifference;
using results::Judgement;

// A page of more pairs shows some of them.
constexpr size_t kMostRows = 400;
constexpr size_t kMostTexts = 50;
constexpr std::array kWorstFirst = {
    Judgement::kWorse,       Judgement::kMaybeWorse, Judgement::kInvalid,
    Judgement::kNone,        Judgement::kUnclear,    Judgement::kBetter,
    Judgement::kMaybeBetter, Judgement::kNotJudged,  Judgement::kSame};

std::string ClassOf(Judgement judgement) {
  switch (judgement) {
    case Judgement::kWorse:
      return "worse";
    case Judgement::kMaybeWorse:
      return "maybe-worse";
    case Judgement::kBetter:
    case Judgement::kMaybeBetter:
      return "better";
    case Judgement::kInvalid:
    case Judgement::kNone:
      return "problem";
    default:
      return "plain";
  }
}

// --- The ratios as bars on one logarithmic scale
// --------------------------------------------------

constexpr double kWidth = 190;
constexpr double kHeight = 20;

// Half of the scale's length, as a factor: all intervals and the floor fit, up to five times.
double ScaleOf(const Comparison& comparison) {
  double widest = 1 + 3 * comparison.limits.latency_floor;
  for (const CellPair& pair : comparison.pairs) {
    const CellComparison& figures = pair.figures;
    for (const auto& end :
         {figures.latency_ratio, figures.latency_ratio_low, figures.latency_ratio_high}) {
      if (end && *end > 0) widest = std::max({widest, *end, 1 / *end});
    }
  }
  constexpr std::array kSteps = {1.05, 1.1, 1.2, 1.5, 2.0};
  for (const double step : kSteps) {
    if (widest <= step) return step;
  }
  return 5;
}

double X(double ratio, double scale) {
  const double share = std::log(ratio) / std::log(scale);
  return kWidth * (0.5 + 0.46 * std::clamp(share, -1.08, 1.08));
}

std::string ForestSvg(const CellComparison& figures, double scale, double floor) {
  std::string svg = fmt::format(
      R"(<svg width="{0:.0f}" height="{1:.0f}" viewBox="0 0 {0:.0f} {1:.0f}" aria-hidden="true">)",
      kWidth, kHeight);
  const double left = X(1 / (1 + floor), scale);
  svg += fmt::format(R"(<rect class="band" x="{:.1f}" y="0" width="{:.1f}" height="{:.0f}"/>)",
                     left, X(1 + floor, scale) - left, kHeight);
  svg += fmt::format(R"(<line class="one" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1:.0f}"/>)",
                     kWidth / 2, kHeight);
  if (figures.latency_ratio_low) {
    svg +=
        fmt::format(R"(<line class="interval" x1="{:.1f}" x2="{:.1f}" y1="{:.0f}" y2="{:.0f}"/>)",
                    X(*figures.latency_ratio_low, scale), X(*figures.latency_ratio_high, scale),
                    kHeight / 2, kHeight / 2);
  }
  if (figures.latency_ratio) {
    svg += fmt::format(R"(<circle cx="{:.1f}" cy="{:.0f}" r="4"/>)",
                       X(*figures.latency_ratio, scale), kHeight / 2);
  }
  return svg + "</svg>";
}

// --- Sections
// -------------------------------------------------------------------------------------

// The table's columns as the page has them: the verdict right behind the name, where a narrow
// screen shows it.
std::vector<size_t> PageOrder(const ComparisonTable& table) {
  std::vector<size_t> order = {0};
  if (table.columns.size() > 1) order.push_back(table.columns.size() - 1);
  for (size_t i = 1; i + 1 < table.columns.size(); ++i) order.push_back(i);
  return order;
}

// The pairs that the page has a row of: all, or of very many those that are not simply the same,
// the worst first.
std::vector<size_t> ShownPairs(const Comparison& comparison) {
  std::vector<size_t> shown(comparison.pairs.size());
  std::iota(shown.begin(), shown.end(), size_t{0});
  if (shown.size() <= kMostRows) return shown;
  const auto rank = [&](size_t i) {
    const Judgement judgement = comparison.pairs[i].figures.judgement;
    const auto* const place = std::ranges::find(kWorstFirst, judgement);
    return place - kWorstFirst.begin();
  };
  std::ranges::stable_sort(shown, {}, rank);
  shown.resize(kMostRows);
  return shown;
}

// What the page leaves out; empty: nothing.
std::string LeftOut(const Comparison& comparison) {
  const size_t pairs = comparison.pairs.size();
  if (pairs <= kMostRows) return "";
  return fmt::format(
      "Of {} pairs of cells the table shows {}, the worst first: qbench compare --format csv has "
      "all.",
      Count(static_cast<int64_t>(pairs)), kMostRows);
}

std::vector<std::string> Capped(std::vector<std::string> texts) {
  if (texts.size() <= kMostTexts) return texts;
  const size_t more = texts.size() - kMostTexts;
  texts.resize(kMostTexts);
  texts.push_back(fmt::format("… and {} more: qbench compare --format csv has all.", more));
  return texts;
}

void SetTable(const Comparison& comparison, data* page) {
  const ComparisonTable table = MakeComparisonTable(comparison);
  const std::vector<size_t> order = PageOrder(table);
  data columns(data::type::list);
  for (const size_t i : order) {
    const ComparisonTable::Column& column = table.columns[i];
    data item("title", column.title);
    item.set("explanation", column.explanation);
    item.set("number", column.is_number);
    columns.push_back(item);
  }
  const bool ratios = std::ranges::any_of(comparison.pairs, [](const CellPair& pair) {
    return pair.figures.latency_ratio.has_value();
  });
  const double scale = ScaleOf(comparison);
  data rows(data::type::list);
  for (const size_t i : ShownPairs(comparison)) {
    const CellPair& pair = comparison.pairs[i];
    const std::string why = Why(comparison, pair);
    data cells(data::type::list);
    for (const size_t j : order) {
      if (j == 0) continue;
      data cell("text", table.rows[i][j]);
      cell.set("number", table.columns[j].is_number);
      cell.set("verdict", j + 1 == table.columns.size());
      cell.set("why", why);
      cells.push_back(cell);
    }
    data row("cells", cells);
    row.set("name", table.rows[i][0]);
    row.set("kind", ClassOf(pair.figures.judgement));
    row.set("latency_kind", ClassOf(pair.figures.latency_judgement));
    row.set("svg", ratios && pair.figures.latency_ratio
                       ? ForestSvg(pair.figures, scale, comparison.limits.latency_floor)
                       : std::string());
    rows.push_back(row);
  }
  page->set("columns", columns);
  page->set("has_ratios", ratios);
  page->set("scale", fmt::format("faster {:.2f} ← 1 → {:.2f} slower", 1 / scale, scale));
  SetIfAny(page, "rows", rows);
}

data DifferenceList(const Comparison& comparison) {
  // Of what was found to be worse or better.
  std::set<std::string> found;
  for (const CellPair& pair : comparison.pairs) {
    for (const auto& [name, judgement] : {std::pair{"size", pair.figures.size_judgement},
                                          std::pair{"latency", pair.figures.latency_judgement},
                                          std::pair{"accuracy", pair.figures.accuracy_judgement}}) {
      const std::string kind = ClassOf(judgement);
      if (kind == "worse" || kind == "maybe-worse" || kind == "better") found.insert(name);
    }
  }
  data list(data::type::list);
  for (const FactDifference& difference : comparison.differences) {
    data item("name", difference.name);
    item.set("area", difference.area);
    item.set("base", difference.base.empty() ? std::string(kMissing) : difference.base);
    item.set("new", difference.now.empty() ? std::string(kMissing) : difference.now);
    item.set("can_explain", difference.can_explain);
    item.set("suspect", std::ranges::any_of(found, [&](const std::string& figure) {
               return difference.can_explain.find(figure) != std::string::npos;
             }));
    list.push_back(item);
  }
  return list;
}

data ComparedFlips(const Comparison& comparison, const Pictures& pictures) {
  data list(data::type::list);
  size_t room = kMostOfAllImages;
  for (const FlipGroup& group : FlipGroups(comparison)) {
    const size_t shown = std::min({group.pair->flips.size(), kMostImages, room});
    room -= shown;
    data section("names", group.names);
    section.set("summary", group.summary);
    section.set("images", FlippedImages(*group.split, group.pair->flips, shown, pictures));
    if (shown < group.pair->flips.size()) {
      section.set("rest", fmt::format("… and {} more: qbench compare --format csv --flips has all.",
                                      group.pair->flips.size() - shown));
    }
    list.push_back(section);
  }
  return list;
}

struct AnswerLook {
  const char* css_class;
  const char* mark;
};

AnswerLook LookOf(results::Answer answer) {
  switch (answer) {
    case results::Answer::kRegression:
      return {"bad", "✗"};
    case results::Answer::kCannotTell:
      return {"unknown", "?"};
    case results::Answer::kNoRegression:
      break;
  }
  return {"good", "✓"};
}

}  // namespace

Result<std::string> ComparisonHtml(const Comparison& comparison, const Pictures& pictures) {
  const AnswerWords words = Answer(comparison);
  data page("title", SidesTitle(comparison));
  page.set("style", std::string(kPageStyle) + "\n" + std::string(kComparisonStyle));
  page.set("base", Joined(SideFacts(*comparison.base)));
  page.set("new", Joined(SideFacts(*comparison.now)));
  if (const auto shared = SharedFacts(comparison); !shared.empty()) {
    page.set("shared", Joined(shared));
  }
  page.set("answer", words.answer);
  page.set("answer_class", LookOf(comparison.answer).css_class);
  page.set("answer_mark", LookOf(comparison.answer).mark);
  std::vector<std::string> remarks = words.remarks;
  if (const std::string left_out = LeftOut(comparison); !left_out.empty()) {
    remarks.push_back(left_out);
  }
  SetIfAny(&page, "worse", TextList(Capped(words.worse)));
  SetIfAny(&page, "doubts", TextList(Capped(words.doubts)));
  SetIfAny(&page, "better", TextList(Capped(words.better)));
  SetIfAny(&page, "remarks", TextList(Capped(std::move(remarks))));
  SetTable(comparison, &page);
  page.set("legend", ComparisonLegend(comparison));
  SetIfAny(&page, "differences", DifferenceList(comparison));
  page.set("missing", TextList(pictures.missing));
  page.set("flipped_images", FlippedImagesPartial());
  SetIfAny(&page, "flips", ComparedFlips(comparison, pictures));
  kainjow::mustache::mustache page_template{std::string(kComparisonTemplate)};
  std::string html = page_template.render(page);
  if (page_template.is_valid()) return html;
  return Error(StatusCode::kInternal, "the template of the comparison's page is broken: {}",
               page_template.error_message());
}

}  // namespace qbench::reports
