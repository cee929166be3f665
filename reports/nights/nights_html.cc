#include <kainjow/mustache.hpp>

#include <string_view>

#include "fmt/format.h"
#include "reports/nights/nights_reports.h"
#include "reports/nights/nights_words.h"
#include "reports/nights/trend_svg.h"
#include "reports/page_data.h"
#include "reports/text_format.h"

namespace qbench::reports {

// Made at build time from page/.
extern const std::string_view kNightsTemplate;
extern const std::string_view kNightsStyle;
extern const std::string_view kComparisonStyle;
extern const std::string_view kPageStyle;

Result<NightsFormat> NightsFormatFromName(std::string_view name) {
  if (name == "text") return NightsFormat::kText;
  if (name == "html") return NightsFormat::kHtml;
  if (name == "csv") return NightsFormat::kCsv;
  if (name == "json") return NightsFormat::kJson;
  return Error(StatusCode::kInvalidArgument,
               "no format '{}' of nights: choose text, html, csv or json", name);
}

namespace {

using kainjow::mustache::data;
using results::CellTrend;
using results::JudgedNight;
using results::LevelChange;
using results::NightAnswer;
using results::Watch;

struct Look {
  const char* css_class;
  const char* mark;
};

Look LookOf(const JudgedNight* night) {
  if (night == nullptr || !night->night) return {"unknown", "·"};
  switch (night->night->answer) {
    case NightAnswer::kRegression:
      return {"bad", "✗"};
    case NightAnswer::kInvalid:
      return {"unknown", "?"};
    case NightAnswer::kGood:
      break;
  }
  return {"good", "✓"};
}

data NightItem(const Watch& watch, size_t index, const NightLinks& links) {
  const JudgedNight& night = watch.nights()[index];
  data item("date", DateAndTime(night.run.started_at));
  item.set("run", std::to_string(night.run.id));
  item.set("ran", true);
  item.set("answer", AnswerOf(night));
  item.set("kind", LookOf(&night).css_class);
  item.set("mark", LookOf(&night).mark);
  item.set("worst", WorstWords(watch, night));
  item.set("build", BuildOf(night.run));
  item.set("sentence", night.night ? night.night->sentence : std::string());
  if (night.temperatures) item.set("heat", fmt::format("{:.0f}", night.temperatures->median));
  const std::string changed = ChangedText(night);
  if (!changed.empty()) item.set("changed", changed);
  const auto link = links.find(night.run.id);
  if (link != links.end()) item.set("link", link->second);
  return item;
}

data NightList(const Watch& watch, const NightLinks& links) {
  data list(data::type::list);
  auto missing = watch.missing.rbegin();
  for (size_t i = watch.nights().size() + 1; i-- > 0;) {
    if (i < watch.nights().size()) list.push_back(NightItem(watch, i, links));
    if (missing == watch.missing.rend() || missing->before != i) continue;
    data gap("date", Day(missing->first));
    gap.set("gap", missing->count == 1 ? std::string("did not run")
                                       : fmt::format("{} from then on", MissingText(*missing)));
    list.push_back(gap);
    ++missing;
  }
  return list;
}

std::string ChangeText(const Watch& watch, const LevelChange& change) {
  const JudgedNight& night = watch.nights()[change.night];
  std::string text = fmt::format("{}: {} ({:.3f} → {:.3f}), run {}, {}",
                                 Day(watch.started[change.night]), SignedPercent(change.percent()),
                                 change.before, change.after, night.run.id, BuildOf(night.run));
  if (change.after > change.before) {
    text += change.caught
                ? fmt::format("; the gate said so on {}", Day(watch.started[*change.caught]))
                : std::string("; no gate said so");
  }
  const std::string changed = ChangedText(night);
  return changed.empty() ? text : text + "; changed that night: " + changed;
}

data TrendList(const Watch& watch) {
  data list(data::type::list);
  for (const CellTrend& trend : watch.trends) {
    data item("name", ShortName(watch, trend.key));
    item.set("svg", TrendSvg(watch, trend));
    std::vector<std::string> changes;
    for (const LevelChange& change : trend.changes) changes.push_back(ChangeText(watch, change));
    SetIfAny(&item, "changes", TextList(changes));
    list.push_back(item);
  }
  return list;
}

}  // namespace

Result<std::string> NightsHtml(const Watch& watch, const NightFolders& folders) {
  const NightsWords words = WordsOf(watch);
  data page("title", watch.history.baseline.empty() ? std::string("Nights")
                                                    : "Nights against " + watch.history.baseline);
  page.set("style", std::string(kPageStyle) + "\n" + std::string(kComparisonStyle) + "\n" +
                        std::string(kNightsStyle));
  SetIfAny(&page, "facts", TextList(SharedFacts(watch)));
  const Look look = LookOf(watch.newest_judged());
  page.set("answer", words.answer);
  page.set("answer_class", look.css_class);
  page.set("answer_mark", look.mark);
  page.set("when", words.when);
  if (!words.overdue.empty()) page.set("overdue", words.overdue);
  std::vector<std::string> failures;
  for (const NightFolders::Failure& failure : folders.failures) {
    failures.push_back(failure.name + ": " + failure.text);
  }
  if (folders.newest_failed) {
    page.set("failed", fmt::format("The newest night ended in an error: {}", failures.front()));
  }
  SetIfAny(&page, "failures", TextList(failures));
  SetIfAny(&page, "creeps", TextList(words.creeps));
  SetIfAny(&page, "remarks", TextList(words.remarks));
  SetIfAny(&page, "nights", NightList(watch, folders.links));
  SetIfAny(&page, "trends", TrendList(watch));
  const std::string heat = TemperatureSvg(watch);
  if (!heat.empty()) page.set("heat_svg", heat);
  kainjow::mustache::mustache page_template{std::string(kNightsTemplate)};
  std::string html = page_template.render(page);
  if (page_template.is_valid()) return html;
  return Error(StatusCode::kInternal, "the template of the nights' page is broken: {}",
               page_template.error_message());
}

}  // namespace qbench::reports
