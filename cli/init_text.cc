#include "cli/init_text.h"

#include "datasets/name_differences.h"
#include "fmt/ranges.h"

namespace qbench::cli {
namespace {

using datasets::Channels;

std::string InputName(const plan::TriedInput& tried) {
  if (tried.channels == Channels::kGray) return tried.normalization.name;
  return fmt::format("{}, {}", tried.normalization.name, datasets::ChannelsName(tried.channels));
}

std::string NameOf(const InitCheck& check, size_t tried, size_t order) {
  const std::string input = InputName(check.checked.tried[tried]);
  if (order == 0) return input;
  return fmt::format("{}, labels {}", input, check.checked.orders[order].name);
}

std::string ChosenName(const InitCheck& check) {
  return NameOf(check, check.verdict.tried, check.verdict.order);
}

Json TriedJson(const InitCheck& check) {
  Json rows = Json::array();
  const plan::CheckedInputs& checked = check.checked;
  for (size_t order = 0; order < checked.orders.size(); ++order) {
    for (size_t i = 0; i < checked.tried.size(); ++i) {
      const plan::TriedInput& tried = checked.tried[i];
      const int64_t right = checked.Right(i, order);
      rows.push_back(
          {{"normalization", tried.normalization.name},
           {"channels", datasets::ChannelsName(tried.channels)},
           {"labels", checked.orders[order].name},
           {"right", right},
           {"accuracy", static_cast<double>(right) / static_cast<double>(checked.images())},
           {"chosen", i == check.verdict.tried && order == check.verdict.order}});
    }
  }
  return rows;
}

}  // namespace

std::string VerdictText(const InitCheck& check) {
  const plan::CheckVerdict& verdict = check.verdict;
  const int64_t images = check.checked.images();
  if (!verdict.beyond_chance) {
    return fmt::format("No input fits: none is right more often than chance on these {} images.",
                       images);
  }
  return fmt::format(
      "{} {}: {} of {} images are right, {} with the next ({}){}.", ChosenName(check),
      verdict.stands_out                   ? "stands out"
      : verdict.next_right > verdict.right ? "is kept"
                                           : "fits best",
      verdict.right, images, verdict.next_right,
      NameOf(check, verdict.next_tried, verdict.next_order),
      verdict.stands_out
          ? ""
          : fmt::format(", which may be chance; --images {} tells more", images * 5));
}

std::vector<std::string> InitWarnings(const InitResult& result) {
  std::vector<std::string> warnings;
  if (!result.check) return warnings;
  const plan::CheckVerdict& verdict = result.check->verdict;
  if (!verdict.beyond_chance) {
    warnings.push_back(fmt::format(
        "the images do not confirm the sidecar: look at the labels' order, and whether the model "
        "was trained on images like those of {}",
        result.dataset));
  } else if (verdict.overrules) {
    warnings.push_back(
        fmt::format("the images overrule what was given ({}; labels from {}): {} is written",
                    result.guess.source, result.labels.source, ChosenName(*result.check)));
  }
  if (verdict.other_order) {
    warnings.push_back(fmt::format(
        "{} of {} images would be right ({}) were the labels in this order: {}: if that is the "
        "order, write it to a file, a label a line, and name it with --labels",
        verdict.other_order->right, result.check->checked.images(),
        InputName(result.check->checked.tried[verdict.other_order->tried]),
        fmt::join(verdict.other_order->labels, ", ")));
  }
  return warnings;
}

std::string InitText(const InitResult& result) {
  std::string text = fmt::format("{}\n", plan::FormatDraft(result.draft));
  text += result.check ? VerdictText(*result.check) + "\n"
          : result.dataset.empty()
              ? "Not checked: name images with --dataset, and what is a guess is tried on them.\n"
              : "Not checked.\n";
  text += fmt::format("{} is written.\n", result.sidecar.string());
  return text;
}

Json InitJson(const InitResult& result) {
  const datasets::Sidecar& sidecar = result.draft.sidecar;
  const datasets::Preprocessing& input = sidecar.input;
  Json json = {{"model", result.model.string()},
               {"sidecar", result.sidecar.string()},
               {"written", result.written},
               {"classes", result.draft.classes},
               {"labels", sidecar.labels},
               {"input",
                {{"width", input.width},
                 {"height", input.height},
                 {"channels", datasets::ChannelsName(input.channels)},
                 {"resize", datasets::ResizeName(input.resize)},
                 {"mean", input.mean},
                 {"std", input.std}}},
               {"sources",
                {{"labels", sidecar.labels.empty() ? "" : result.draft.labels},
                 {"channels", result.draft.channels},
                 {"resize", result.draft.resize},
                 {"normalization", result.draft.normalization}}},
               {"check", Json()},
               {"warnings", InitWarnings(result)}};
  if (!result.check) return json;
  const plan::CheckVerdict& verdict = result.check->verdict;
  json["check"] = {
      {"dataset", result.dataset},
      {"split", result.check->split},
      {"images", result.check->checked.images()},
      {"runtime", result.check->runtime},
      {"tried", TriedJson(*result.check)},
      {"beyond_chance", verdict.beyond_chance},
      {"stands_out", verdict.stands_out},
      {"overrules", verdict.overrules},
      {"other_order", verdict.other_order ? Json(verdict.other_order->labels) : Json()}};
  return json;
}

}  // namespace qbench::cli
