// What is said of a model without a sidecar, once it is known what the model takes.
#include "datasets/model_fit.h"
#include "harness/plan/model_source.h"

namespace qbench::plan {
namespace {

// For a shell, where it needs quotes.
std::string Quoted(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%~";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

Result<size_t> CheckClassifier(const PlannedModel& model) {
  const auto named = [&](const Status& status) { return status.WithContext(model.path.string()); };
  if (model.inputs != 1 || model.outputs != 1) {
    return named(
        Error(StatusCode::kUnsupported,
              "the model has {} inputs and {} outputs, an image classifier has one of each",
              model.inputs, model.outputs));
  }
  // Against itself: whether it is an image at all.
  const Status image = datasets::CheckInputShape(model.input_shape, model.input_shape);
  if (!image.ok()) return named(image);
  Result<size_t> classes = datasets::ClassesOfOutput(model.output_shape);
  return classes.ok() ? classes : Result<size_t>(named(classes.status()));
}

Status MissingSidecar(const PlannedModel& model, std::string_view dataset) {
  QB_ASSIGN_OR_RETURN(const size_t classes, CheckClassifier(model));
  return Error(StatusCode::kNotFound,
               "no {}, which says how an image becomes the model's input ({} x {} pixels, {}; {} "
               "classes): `qbench init {} --dataset {}` writes it",
               datasets::SidecarPath(model.path).string(), model.input_shape[2],
               model.input_shape[1], model.input_shape[3] == 1 ? "gray" : "3 channels", classes,
               Quoted(model.path.string()), dataset.empty() ? "IMAGES" : Quoted(dataset));
}

}  // namespace qbench::plan
