#include "harness/plan/sidecar_draft.h"

#include "base/one_line.h"
#include "datasets/toml_fields.h"

namespace qbench::plan {
namespace {

std::string Comment(const std::string& text) { return fmt::format("# {}\n", SafeLine(text)); }

// One line where they fit into it, else a line each.
std::string LabelLines(const std::vector<std::string>& labels) {
  std::string line = "labels = " + datasets::FormatTomlStrings(labels) + "\n";
  if (line.size() <= 100) return line;
  std::string lines = "labels = [\n";
  for (const std::string& label : labels) {
    lines += fmt::format("  {},\n", datasets::QuoteToml(label));
  }
  return lines + "]\n";
}

// "57 of 60 images are right"
std::string RightText(const CheckedInputs& checked, int64_t right) {
  return fmt::format("{} of {} images are right", right, checked.images());
}

}  // namespace

SidecarDraft MakeDraft(const PlannedModel& model, size_t classes, const FirstGuess& guess,
                       const LabelSource& labels) {
  SidecarDraft draft;
  draft.model = model.path.filename().string();
  draft.classes = classes;
  draft.sidecar.labels = labels.labels;
  datasets::Preprocessing& input = draft.sidecar.input;
  input.height = model.input_shape[1];
  input.width = model.input_shape[2];
  input.channels = guess.channels;
  input.resize = guess.resize;
  datasets::Apply(guess.normalization, input);
  draft.labels = (labels.guess ? "a guess: " : "from ") + labels.source;
  draft.channels = guess.channels == datasets::Channels::kGray
                       ? "the model has one channel"
                       : fmt::format("a guess: {}", guess.channels == datasets::Channels::kBgr
                                                        ? guess.source
                                                        : "as most models are trained");
  draft.resize = guess.resize == datasets::Resize::kTfBilinear
                     ? "a guess: as TensorFlow does it"
                     : "a guess: as Pillow and torchvision do it";
  draft.normalization = fmt::format("{}, {}{}", guess.normalization.name,
                                    guess.guess ? "a guess: " : "", guess.source);
  return draft;
}

void TakeVerdict(const CheckedInputs& checked, const CheckVerdict& verdict, const FirstGuess& guess,
                 const LabelSource& labels, const std::string& images, SidecarDraft& draft) {
  const TriedInput& chosen = checked.tried[verdict.tried];
  const LabelOrder& order = checked.orders[verdict.order];
  draft.check =
      fmt::format("The share of {} that is right, with each of the usual inputs:", images);
  draft.table = CheckTable(checked, verdict);
  if (!verdict.beyond_chance) return;
  datasets::Preprocessing& input = draft.sidecar.input;
  input.channels = chosen.channels;
  datasets::Apply(chosen.normalization, input);
  draft.sidecar.labels = order.labels;
  const std::string by = "by the check: " + RightText(checked, verdict.right);
  if (input.channels != datasets::Channels::kGray) draft.channels = by;
  const bool guessed = chosen.normalization == guess.normalization;
  draft.normalization =
      fmt::format("{}, {}", chosen.normalization.name,
                  !guessed || (guess.guess && !guess.convention) ? by : guess.source + "; " + by);
  if (verdict.order != 0) {
    draft.labels = fmt::format("{}, {}, by the check", labels.source, order.name);
  } else if (labels.guess) {
    draft.labels = labels.source + ", by the check";
  }
}

std::string FormatDraft(const SidecarDraft& draft) {
  const datasets::Preprocessing& input = draft.sidecar.input;
  std::string text =
      Comment(fmt::format("How an image becomes the input of {}, written by qbench init {}.",
                          draft.model, QBENCH_VERSION));
  if (draft.sidecar.labels.empty()) {
    text += Comment(fmt::format(
        "labels = [{} names in the order of the outputs]: without them accuracy is not measured.",
        draft.classes));
  } else {
    text += "\n" + Comment("In the order of the outputs: " + draft.labels + ".");
    text += LabelLines(draft.sidecar.labels);
  }
  text += fmt::format("\n[input]\nwidth = {}\nheight = {}\n", input.width, input.height);
  text += Comment(fmt::format("\"RGB\", \"BGR\" or \"GRAY\": {}.", draft.channels));
  text += fmt::format("channels = \"{}\"\n", datasets::ChannelsName(input.channels));
  text += Comment(
      fmt::format("\"pil-bilinear\", \"tf-bilinear\", \"nearest\" or \"area\": {}; not checked.",
                  draft.resize));
  text += fmt::format("resize = \"{}\"\n", datasets::ResizeName(input.resize));
  text += Comment("The model sees (pixel - mean) / std, pixels 0 to 255.");
  text += Comment(fmt::format("Here {}.", draft.normalization));
  // The lines of the format's own writer.
  const std::string plain = datasets::FormatSidecar({{}, input, {}});
  text += plain.substr(plain.find("mean = "));
  if (draft.table.empty()) return text;
  text += "\n" + Comment(draft.check);
  for (const std::string& line : draft.table) text += line.empty() ? "#\n" : Comment(line);
  return text;
}

}  // namespace qbench::plan
