#include "reports/recommendation_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "fmt/format.h"
#include "reports/artifact_command.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using results::Candidate;
using results::Recommendation;
using results::Rejection;
using results::Requirements;
using results::TieBreak;

// "0.5 points", "1 point".
std::string PointsOf(double fraction) {
  const std::string number = fmt::format("{:.3g}", fraction * 100);
  return number + (number == "1" ? " point" : " points");
}

// What a variant has to be: "as accurate as float, within 50 ms and within 4 MB".
std::string Conditions(const Requirements& requirements) {
  std::vector<std::string> parts = {
      requirements.max_accuracy_drop
          ? fmt::format("within {} of float", PointsOf(*requirements.max_accuracy_drop))
          : "as accurate as float"};
  if (requirements.max_latency_ms) {
    parts.push_back(fmt::format("within {:.4g} ms", *requirements.max_latency_ms));
  }
  if (requirements.max_bytes) {
    parts.push_back(
        fmt::format("within {:.6g} MB", static_cast<double>(*requirements.max_bytes) / 1e6));
  }
  const std::string last = parts.back();
  parts.pop_back();
  return parts.empty() ? last : fmt::format("{} and {}", fmt::join(parts, ", "), last);
}

// Nothing was learned about such a cell.
bool IsUnfit(Rejection rejection) {
  return rejection == Rejection::kFailed || rejection == Rejection::kNotMeasured ||
         rejection == Rejection::kInvalid || rejection == Rejection::kNoisy;
}

constexpr size_t kNamed = 6;

// "a (…), b (…) and 3 more".
std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kNamed); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kNamed) text += fmt::format(" and {} more", names.size() - kNamed);
  return text;
}

struct Heading {
  Rejection rejection;
  const char* text;
};

// In this order.
constexpr std::array kHeadings = {
    Heading{Rejection::kTied, "As fast, as far as these times tell"},
    Heading{Rejection::kSlower, "Slower"},
    Heading{Rejection::kNotShown, "Not shown to be accurate enough"},
    Heading{Rejection::kInaccurate, "Lost too much"},
    Heading{Rejection::kTooSlow, "Takes too long"},
    Heading{Rejection::kTooLarge, "Too large"},
    Heading{Rejection::kNoisy, "Noisy: something disturbed its times"},
    Heading{Rejection::kInvalid, "Not valid"},
    Heading{Rejection::kFailed, "Did not work"},
    Heading{Rejection::kNotMeasured, "Not measured"},
};

class Writer {
 public:
  Writer(const RunView& run, const Requirements& requirements, RecommendationText* text)
      : run_(run), requirements_(requirements), text_(*text), decision_(text->decision) {}

  void Write() {
    const Variant& first = run_.variants[decision_.candidates.front().cell];
    text_.subject = first.summary.model + " on " + first.dataset;
    if (decision_.chosen) {
      WriteChosen(run_.variants[*decision_.chosen]);
    } else if (decision_.nearest) {
      WriteNearest(run_.variants[*decision_.nearest]);
    } else {
      text_.choice = "No variant can be recommended";
      text_.reason = ": none was measured completely, validly and undisturbed.";
    }
    for (const Heading& heading : kHeadings) WriteRejected(heading);
  }

 private:
  void WriteChosen(const Variant& chosen) {
    size_t fitting = 0;
    bool all_judged = true;
    for (const Candidate& candidate : decision_.candidates) {
      const auto& why = candidate.rejections;
      fitting += why.empty() || why[0] == Rejection::kTied || why[0] == Rejection::kSlower ? 1 : 0;
      all_judged = all_judged && (why.empty() || !IsUnfit(why[0]));
    }
    text_.choice = "Use " + chosen.setup;
    text_.reason = fmt::format(": {}the {} that is {}: {}{}.",
                               all_judged ? "" : "of what was measured validly and undisturbed ",
                               fitting == 1 ? "only one" : "fastest", Conditions(requirements_),
                               Figures(chosen), TieText());
    text_.command = QuantizeCommand(*run_.data, chosen);
  }

  std::string TieText() const {
    if (decision_.tie_break == TieBreak::kNone) return "";
    std::vector<std::string> tied;
    for (const Candidate& candidate : decision_.candidates) {
      if (candidate.rejections == std::vector{Rejection::kTied}) {
        tied.push_back(run_.variants[candidate.cell].setup);
      }
    }
    const char* advantage = "";
    if (decision_.tie_break == TieBreak::kSmaller) advantage = "; it is smaller";
    if (decision_.tie_break == TieBreak::kMoreAccurate) {
      advantage = "; of the smallest it is the most accurate";
    }
    return fmt::format("; it ties with {}, as these times do not tell them apart{}", Listed(tied),
                       advantage);
  }

  std::string Figures(const Variant& variant) const {
    const results::CellSummary& summary = variant.summary;
    return fmt::format(
        "{} ms an image (median), {} MB, right on {} % of {}{}", Milliseconds(summary.median_ms),
        Megabytes(summary.file_bytes), Percent(summary.top1), Counted(*summary.images, "image"),
        DropText(*decision_.Find(static_cast<size_t>(&variant - run_.variants.data()))));
  }

  std::string DropText(const Candidate& candidate) const {
    if (!candidate.drop || candidate.cell == decision_.float_cell) return "";
    if (*candidate.drop == 0 && *candidate.drop_high == 0) return " like float";
    const std::string bound = *candidate.drop_high <= 0
                                  ? ""
                                  : fmt::format(", with 95 % confidence no more than {:.1f} below",
                                                *candidate.drop_high * 100);
    if (*candidate.drop == 0) return fmt::format(", as many as float{}", bound);
    return fmt::format(", {:.1f} points {} float{}", std::abs(*candidate.drop) * 100,
                       *candidate.drop > 0 ? "below" : "above", bound);
  }

  void WriteNearest(const Variant& nearest) {
    if (!decision_.float_cell) {
      text_.choice = "No variant can be recommended";
      text_.reason = fmt::format(
          ": there is no float variant with an accuracy, so what the others lost is not known (add "
          "float to --plugins). The most accurate is {}: {}.",
          nearest.setup, Figures(nearest));
      return;
    }
    text_.choice = fmt::format(
        "None of {} fits", Counted(static_cast<int64_t>(decision_.candidates.size()), "variant"));
    const Candidate& candidate = *decision_.Find(*decision_.nearest);
    std::vector<std::string> misses;
    for (const Rejection rejection : candidate.rejections) {
      misses.push_back(RejectionText(run_, candidate, rejection));
    }
    text_.reason = fmt::format(": none is {}. Nearest comes {}: {}.", Conditions(requirements_),
                               nearest.setup, fmt::join(misses, ", "));
  }

  // Each cell stands under the first thing that speaks against it.
  void WriteRejected(const Heading& heading) {
    std::vector<std::string> names;
    const Candidate* surest = nullptr;
    for (const Candidate& candidate : decision_.candidates) {
      if (candidate.rejections.empty() || candidate.rejections[0] != heading.rejection) continue;
      const std::string why = RejectionText(run_, candidate, heading.rejection);
      names.push_back(run_.variants[candidate.cell].setup +
                      (why.empty() ? "" : fmt::format(" ({})", why)));
      if (surest == nullptr || candidate.drop_high < surest->drop_high) surest = &candidate;
    }
    if (names.empty()) return;
    std::string line = fmt::format("{}: {}.", heading.text, Listed(names));
    if (heading.rejection == Rejection::kNotShown) {
      line +=
          fmt::format(" More images would tell; --max-accuracy-drop {:g} would allow {}.",
                      std::ceil(*surest->drop_high * 200) / 2, run_.variants[surest->cell].setup);
    }
    text_.rejected.push_back(std::move(line));
  }

  const RunView& run_;
  const Requirements& requirements_;
  RecommendationText& text_;
  const Recommendation& decision_;
};

}  // namespace

std::vector<RecommendationText> Recommendations(const RunView& run,
                                                const Requirements& requirements) {
  std::vector<results::CellSummary> summaries;
  summaries.reserve(run.variants.size());
  for (const Variant& variant : run.variants) summaries.push_back(variant.summary);
  std::vector<RecommendationText> texts;
  for (Recommendation& decision : results::Recommend(*run.data, summaries, requirements)) {
    RecommendationText& text = texts.emplace_back();
    text.decision = std::move(decision);
    Writer(run, requirements, &text).Write();
  }
  return texts;
}

std::string RejectionText(const RunView& run, const Candidate& candidate, Rejection rejection) {
  const Variant& variant = run.variants[candidate.cell];
  switch (rejection) {
    case Rejection::kTied:
      return fmt::format("{} MB, {} %", Megabytes(variant.summary.file_bytes),
                         Percent(variant.summary.top1));
    case Rejection::kSlower:
      if (!candidate.ratio) return Milliseconds(variant.summary.median_ms) + " ms";
      return fmt::format("{}, {}", Ratio(candidate.ratio),
                         RatioRange(candidate.ratio_interval.low, candidate.ratio_interval.high));
    case Rejection::kInaccurate:
      return fmt::format("{:.1f} points lost", *candidate.drop * 100);
    case Rejection::kNotShown:
      if (*candidate.drop == 0) {
        return fmt::format("perhaps {:.1f} points lost", *candidate.drop_high * 100);
      }
      return fmt::format("{:.1f} points {}, perhaps {:.1f} lost", std::abs(*candidate.drop) * 100,
                         *candidate.drop < 0 ? "gained" : "lost", *candidate.drop_high * 100);
    case Rejection::kTooSlow:
      return Milliseconds(variant.summary.median_ms) + " ms";
    case Rejection::kTooLarge:
      return Megabytes(variant.summary.file_bytes) + " MB";
    case Rejection::kInvalid:
    case Rejection::kFailed:
      return variant.status();
    case Rejection::kNoisy:
    case Rejection::kNotMeasured:
    case Rejection::kNoFloat:
      break;
  }
  return "";
}

}  // namespace qbench::reports
