// The page of a run in a real browser: headless Chromium, driven by a page of its own that holds it
// in frames (page_checks.js). Skipped where there is no Chromium.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/process.h"
#include "reports/reports.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A picture of one grey point.
constexpr const char* kPicture =
    "data:image/"
    "png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJ"
    "RU5ErkJggg==";

std::string FindChromium() {
  for (const char* path : {"/usr/bin/chromium", "/usr/bin/chromium-browser",
                           "/usr/bin/chromium-headless-shell", "/usr/bin/google-chrome"}) {
    if (std::filesystem::exists(path)) return path;
  }
  return "";
}

// axe-core, where scripts/setup.sh --browser has put it.
std::string AxeText() {
  const auto text = ReadTextFile(std::string(QBENCH_SOURCE_DIR) + "/.prefix/axe/axe.min.js");
  return text.ok() ? *text : "";
}

// 64 cells with all that a page may hold, four of them failed, on a board that was read.
store::RunData LargeRun() {
  store::SampleRunOptions options;
  options.models = {"intel-cnn", "mobilenetv2-035-96"};
  options.quantizers = {"float", "fp16", "dynamic", "int8"};
  options.runtimes = {"litert", "reference"};
  options.threads = {1, 2, 3, 4};
  options.images = 120;
  options.with_failures = true;
  store::RunData run = store::LoadSampleRun(options);
  for (store::CellData& cell : run.cells) {
    for (store::Measurement& process : cell.measurements) {
      process.conditions = {{"before", {{"temperature_c", 50.5}, {"load_1min", 0.5}}},
                            {"after", {{"temperature_c", 60.5}, {"load_1min", 1.5}}}};
    }
  }
  return run;
}

std::string Page(const store::RunData& run) {
  ReportOptions options;
  for (const PictureKey& key : WantedPictures({run})) options.pictures.sources[key] = kPicture;
  const auto page = HtmlReport({run}, options);
  EXPECT_TRUE(page.ok()) << page.status().message();
  return page.ok() ? *page : "";
}

// A text as a constant of a script inside of HTML.
std::string ScriptText(const std::string& text) {
  std::string safe;
  for (const char c : Json(text).dump()) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

// The answers of page_checks.js about the page; an object with `error` where there are none.
Json Ask(const std::string& chromium, const std::string& axe) {
  const auto fail = [](const std::string& why) { return Json{{"error", why}}; };
  const auto folder = TempDir::Create("qbench-browser-test");
  if (!folder.ok()) return fail(folder.status().message());
  const std::filesystem::path root = folder->path();
  const std::string checks =
      *ReadTextFile(std::string(QBENCH_SOURCE_DIR) + "/tests/reports/browser/page_checks.js");
  const Status written = WriteFileAtomically(
      root / "checks.html",
      "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><body><script>\nconst PAGE = " +
          ScriptText(Page(LargeRun())) + ";\nconst AXE = " + ScriptText(axe) + ";\n" + checks +
          "\n</script></body></html>");
  if (!written.ok()) return fail(written.message());
  ChildOptions options;
  // The page is ours, and containers refuse the browser its own sandbox.
  options.argv = {chromium,
                  "--headless",
                  "--no-sandbox",
                  "--disable-gpu",
                  "--disable-dev-shm-usage",
                  "--no-first-run",
                  "--user-data-dir=" + (root / "profile").string(),
                  "--virtual-time-budget=60000",
                  "--dump-dom",
                  "file://" + (root / "checks.html").string()};
  options.environment = {"HOME=" + root.string()};
  options.out = Redirect::File(root / "dom.html");
  options.err = Redirect::File(root / "errors.txt");
  ChildLimits limits;
  limits.time = std::chrono::minutes(4);
  const auto end = RunChild(options, limits);
  if (!end.ok()) return fail(end.status().message());
  if (!end->ok()) return fail(end->Description() + *ReadTextFile(root / "errors.txt"));
  const std::string dom = *ReadTextFile(root / "dom.html");
  const std::string open = "<pre id=\"answer\">";
  const size_t from = dom.find(open);
  if (from == std::string::npos) {
    return fail("no answer in: " + dom.substr(dom.size() - std::min<size_t>(dom.size(), 300)));
  }
  const size_t start = from + open.size();
  const auto answer = ParseJson(dom.substr(start, dom.find("</pre>", start) - start));
  return answer.ok() ? *answer : fail(answer.status().message());
}

void ExpectLayout(const Json& answer) {
  for (const char* width : {"390", "820", "1400"}) {
    const Json& layout = answer["layout"][width];
    EXPECT_EQ(layout["rows"], 64);
    EXPECT_LE(layout["overflow"].get<double>(), 0) << width;
    EXPECT_EQ(layout["hidden"].dump(), "[]") << width;
  }
  EXPECT_GT(answer["sticky"]["moved"].get<double>(), 0);
  EXPECT_NEAR(answer["sticky"]["offset"].get<double>(), 0, 1);
}

std::vector<double> Numbers(const Json& texts) {
  std::vector<double> values;
  for (const std::string text : texts) {
    if (text != "–") values.push_back(std::stod(text));
  }
  return values;
}

void ExpectSorted(const Json& sort) {
  EXPECT_TRUE(sort["focused"].get<bool>());
  EXPECT_EQ(sort["ascending"], "ascending");
  EXPECT_EQ(sort["descending"], "descending");
  ASSERT_EQ(sort["up"].size(), 64U);
  EXPECT_EQ(sort["up"].back(), "–") << "what was not measured stays at the end";
  EXPECT_EQ(sort["down"].back(), "–");
  EXPECT_GT(Numbers(sort["up"]).size(), 50U);
  EXPECT_TRUE(std::ranges::is_sorted(Numbers(sort["up"])));
  EXPECT_TRUE(std::ranges::is_sorted(Numbers(sort["down"]), std::greater<>()));
}

void ExpectFlip(const Json& flip) {
  EXPECT_TRUE(flip["open"].get<bool>());
  EXPECT_EQ(flip["source"], kPicture);
  EXPECT_THAT(flip["text"].get<std::string>(), HasSubstr(" → "));
}

void ExpectFigures(const Json& figures) {
  ASSERT_EQ(figures.size(), 2U);
  EXPECT_THAT(figures[0]["heading"].get<std::string>(), StartsWith("Latency against accuracy"));
  EXPECT_EQ(figures[0]["rows"], 61) << "those with latency and accuracy";
  EXPECT_THAT(figures[0]["first"][0].get<std::string>(), HasSubstr("float"));
  EXPECT_EQ(figures[1]["heading"], "The board over the run");
  EXPECT_EQ(figures[1]["first"][3], "50.5 → 60.5");
}

TEST(Browser, FitsEveryWindowSortsOpensAndTells) {
  const std::string chromium = FindChromium();
  if (chromium.empty()) {
    GTEST_SKIP() << "there is no Chromium: scripts/setup.sh --browser installs it";
  }
  const Json answer = Ask(chromium, "");
  ASSERT_FALSE(answer.contains("error")) << answer["error"];
  ExpectLayout(answer);
  ExpectSorted(answer["sort"]);
  ExpectFlip(answer["flip"]);
  ExpectFigures(answer["figures"]);
}

TEST(Browser, AxeFindsNoViolation) {
  const std::string chromium = FindChromium();
  const std::string axe = AxeText();
  if (chromium.empty() || axe.empty()) {
    GTEST_SKIP() << "there is no " << (axe.empty() ? "axe-core" : "Chromium")
                 << ": scripts/setup.sh --browser installs it";
  }
  const Json answer = Ask(chromium, axe);
  ASSERT_FALSE(answer.contains("error")) << answer["error"];
  ASSERT_EQ(answer["violations"].size(), 3U);
  for (const auto& [width, violations] : answer["violations"].items()) {
    EXPECT_EQ(violations.dump(1), "[]") << width;
  }
}

}  // namespace
}  // namespace qbench::reports
