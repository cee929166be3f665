#include "harness/checks/quantizer_checks.h"

#include <chrono>

#include "harness/checks/address_limit.h"
#include "harness/checks/check_host.h"
#include "harness/checks/checked_object.h"
#include "harness/checks/damaged_models.h"

namespace qbench::checks {
namespace {

using Clock = std::chrono::steady_clock;

// Init and quantize of a new object.
Result<Answer> Quantize(CheckContext& context, const CheckHost& host, ByteSpan bytes) {
  QB_ASSIGN_OR_RETURN(const GuardedBytes model, GuardedBytes::ReadOnly(bytes, 16));
  QB_ASSIGN_OR_RETURN(const auto quantizer, CheckedQuantizer::Create(context, host.host()));
  QB_RETURN_IF_ERROR(Must(quantizer->Init(), "init()"));
  Answer answer = quantizer->GiveModel(model.bytes());
  QB_RETURN_IF_ERROR(quantizer->Destroy());
  return answer;
}

// The artifact of the check's model.
Result<Bytes> MakeArtifact(CheckContext& context, const std::string& name) {
  const CheckHost host(context, name);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  QB_ASSIGN_OR_RETURN(const Answer answer, Quantize(context, host, model.bytes.bytes()));
  QB_RETURN_IF_ERROR(Must(answer, "quantize()"));
  return host.ArtifactBytes();
}

// A quantizer that took a model must have emitted a sound one; one that refused it, a reason.
Status SoundOrRefused(const Answer& answer, const CheckHost& host, const std::string& what) {
  if (!answer.ok()) return MustRefuse(answer, {}, what);
  const Result<Bytes> artifact = host.ArtifactBytes();
  if (!artifact.ok()) return Broken("{} gave QBENCH_OK and emitted no model", what);
  const auto info = graph::InspectTflite(*artifact);
  if (info.ok()) return OkStatus();
  return Broken("{} emitted a broken model: {}", what, info.status().message());
}

// --- services that fail ---

qbench_status FailRead(const qbench_host* /*host*/, qbench_split /*split*/, uint64_t /*index*/,
                       void* /*data*/, size_t /*size*/, int32_t* /*label*/) {
  return QBENCH_HOST_ERROR;
}
qbench_status FailRun(const qbench_host* /*host*/, const void* /*model*/, size_t /*size*/,
                      qbench_split /*split*/, uint64_t /*first*/, uint64_t /*count*/,
                      qbench_on_outputs /*on_outputs*/, void* /*user*/) {
  return QBENCH_HOST_ERROR;
}
qbench_status FailFeed(const qbench_host* /*host*/, const void* /*model*/, size_t /*size*/,
                       uint64_t /*count*/, qbench_on_input /*on_input*/,
                       qbench_on_outputs /*on_outputs*/, void* /*user*/) {
  return QBENCH_HOST_ERROR;
}
void ReleaseNothing(const qbench_host* /*host*/) {}
const char* FailingRuntime(const qbench_host* /*host*/) { return "a runtime that fails"; }
const char* FailingError(const qbench_host* /*host*/) { return "failed on purpose"; }
qbench_status FailEmit(const qbench_host* /*host*/, const char* /*name*/, const char* /*media*/,
                       const void* /*data*/, size_t /*size*/) {
  return QBENCH_HOST_ERROR;
}

}  // namespace

Status CheckArtifact(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  QB_ASSIGN_OR_RETURN(const Answer answer, Quantize(context, host, model.bytes.bytes()));
  QB_RETURN_IF_ERROR(Must(answer, "quantize()"));
  QB_RETURN_IF_ERROR(SoundOrRefused(answer, host, "quantize()"));
  QB_ASSIGN_OR_RETURN(const Bytes artifact, host.ArtifactBytes());
  QB_ASSIGN_OR_RETURN(const graph::TfliteInfo info, graph::InspectTflite(artifact));
  const auto same_shapes = [](const auto& ours, const auto& theirs) {
    if (ours.size() != theirs.size()) return false;
    for (size_t i = 0; i < ours.size(); ++i) {
      if (ours[i].shape != theirs[i].shape) return false;
    }
    return true;
  };
  if (same_shapes(info.inputs, model.info.inputs) &&
      same_shapes(info.outputs, model.info.outputs)) {
    return OkStatus();
  }
  return Broken("the artifact's inputs or outputs have other shapes than the model's");
}

Status CheckQuantizerOrder(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  QB_ASSIGN_OR_RETURN(const auto unready, CheckedQuantizer::Create(context, host.host()));
  QB_RETURN_IF_ERROR(MustRefuse(unready->GiveModel(model), {}, "quantize() before init()"));
  QB_ASSIGN_OR_RETURN(const auto quantizer, CheckedQuantizer::Create(context, host.host()));
  QB_RETURN_IF_ERROR(Must(quantizer->Init(), "init()"));
  QB_RETURN_IF_ERROR(MustRefuse(quantizer->Init(), {}, "a second init()"));
  QB_RETURN_IF_ERROR(Must(quantizer->GiveModel(model), "quantize() after a second init()"));
  return MustRefuse(quantizer->GiveModel(model), {}, "a second quantize()");
}

Status CheckSameBytes(CheckContext& context) {
  QB_ASSIGN_OR_RETURN(const Bytes first, MakeArtifact(context, "first"));
  for (const char* name : {"second", "third"}) {
    QB_ASSIGN_OR_RETURN(const Bytes again, MakeArtifact(context, name));
    QB_RETURN_IF_ERROR(MustEqual({again}, {first}, fmt::format("in a {} artifact", name)));
  }
  return OkStatus();
}

Status CheckTwoAtOnce(CheckContext& context) {
  QB_ASSIGN_OR_RETURN(const Bytes alone, MakeArtifact(context, "alone"));
  return OnThreads(4, [&](int thread) -> Status {
    QB_ASSIGN_OR_RETURN(const Bytes artifact,
                        MakeArtifact(context, "thread" + std::to_string(thread)));
    return MustEqual({artifact}, {alone}, "with four objects on four threads");
  });
}

Status CheckCancellation(CheckContext& context) {
  CheckHost host(context);
  host.cancel = [](uint64_t) { return true; };
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  const Clock::time_point start = Clock::now();
  QB_ASSIGN_OR_RETURN(const Answer answer, Quantize(context, host, model.bytes.bytes()));
  const std::chrono::duration<double> took = Clock::now() - start;
  constexpr double kLong = 3.0;
  if (took.count() > kLong) {
    return Broken("it went on for {:.1f} s after it was told to stop", took.count());
  }
  if (!answer.ok()) {
    return MustRefuse(answer, {QBENCH_CANCELLED}, "quantize() of a cancelled host");
  }
  if (host.questions() > 0) return Broken("it was told to stop and went on to QBENCH_OK");
  context.Note("it never asks whether to stop (but was quick)");
  return OkStatus();
}

Status CheckCancellationMidway(CheckContext& context) {
  CheckHost whole(context, "whole");
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  QB_ASSIGN_OR_RETURN(Answer answer, Quantize(context, whole, model.bytes.bytes()));
  QB_RETURN_IF_ERROR(Must(answer, "quantize()"));
  const uint64_t all = whole.questions();
  if (all < 2) {
    context.Skip("it asks at most once whether to stop");
    return OkStatus();
  }
  for (const uint64_t when : {all / 2, all}) {
    CheckHost host(context, "midway" + std::to_string(when));
    host.cancel = [when](uint64_t question) { return question >= when; };
    QB_ASSIGN_OR_RETURN(answer, Quantize(context, host, model.bytes.bytes()));
    QB_RETURN_IF_ERROR(
        MustRefuse(answer, {QBENCH_CANCELLED},
                   fmt::format("quantize() told to stop at question {} of {}", when, all)));
  }
  return OkStatus();
}

Status CheckQuantizeNotAModel(CheckContext& context) {
  for (const auto& [name, bytes] : NotModels(context.seed)) {
    context.Step(name);
    const CheckHost host(context);
    QB_ASSIGN_OR_RETURN(const Answer answer, Quantize(context, host, bytes));
    if (answer.ok()) {  // the host reads a model before it hands it over
      context.Note(fmt::format("it takes {} for a model", name));
      continue;
    }
    QB_RETURN_IF_ERROR(
        MustRefuse(answer, {QBENCH_INVALID_ARGUMENT, QBENCH_UNSUPPORTED}, "quantize() of " + name));
  }
  return OkStatus();
}

Status CheckQuantizeDamaged(CheckContext& context) {
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  constexpr int kChanged = 12;  // what was not hurt is quantized, which takes a while
  for (const DamagedModel& damaged : DamagedModels(model.bytes.bytes(), context.seed, kChanged)) {
    context.Step(damaged.name);
    const CheckHost host(context);
    QB_ASSIGN_OR_RETURN(const Answer answer, Quantize(context, host, damaged.bytes));
    const std::string what = "quantize() of " + damaged.name;
    QB_RETURN_IF_ERROR(answer.broken);
    if (!answer.ok()) {
      QB_RETURN_IF_ERROR(MustRefuse(answer, {}, what));
    } else if (damaged.truncated) {
      context.Note(fmt::format("it takes {} for a model", damaged.name));
    }
  }
  return OkStatus();
}

Status CheckIntegerModel(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->integer));
  QB_ASSIGN_OR_RETURN(const Answer answer, Quantize(context, host, model.bytes.bytes()));
  if (answer.ok()) context.Note("it takes a model that is quantized already");
  return SoundOrRefused(answer, host, "quantize() of a model that is quantized already");
}

Status CheckForeignOperator(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->foreign));
  QB_ASSIGN_OR_RETURN(const Answer answer, Quantize(context, host, model.bytes.bytes()));
  const std::string what = "quantize() of a model with the operator COS";
  QB_RETURN_IF_ERROR(SoundOrRefused(answer, host, what));
  if (answer.ok()) return OkStatus();
  QB_RETURN_IF_ERROR(MustRefuse(answer, {QBENCH_UNSUPPORTED}, what));
  return MustNameForeignOperator(answer);
}

Status CheckWithoutServices(CheckContext& context) {
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  int number = 0;
  for (const char* service :
       {QBENCH_HOST_LOG, QBENCH_HOST_PROGRESS, QBENCH_HOST_CANCEL, QBENCH_HOST_SAMPLES,
        QBENCH_HOST_INFERENCE, QBENCH_HOST_FEED, QBENCH_HOST_EMIT}) {
    context.Step(fmt::format("a host without {}", service));
    CheckHost host(context, "without" + std::to_string(number++));
    host.replaced[service] = nullptr;
    QB_ASSIGN_OR_RETURN(const Answer answer, Quantize(context, host, model.bytes.bytes()));
    QB_RETURN_IF_ERROR(
        SoundOrRefused(answer, host, fmt::format("quantize() on a host without {}", service)));
  }
  return OkStatus();
}

Status CheckFailingServices(CheckContext& context) {
  static constexpr qbench_host_inference kInference = {sizeof(kInference), FailRun, FailingRuntime,
                                                       FailingError};
  static constexpr qbench_host_feed kFeed = {sizeof(kFeed), FailFeed, ReleaseNothing};
  static constexpr qbench_host_emit kEmit = {sizeof(kEmit), FailEmit};
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  const CheckHost whole(context, "whole");
  auto samples = qbench_host_samples{};
  const void* sound = whole.host()->get_extension(whole.host(), QBENCH_HOST_SAMPLES);
  if (sound != nullptr) samples = *static_cast<const qbench_host_samples*>(sound);
  samples.read = FailRead;
  const std::pair<const char*, const void*> failing[] = {
      {QBENCH_HOST_SAMPLES, sound == nullptr ? nullptr : &samples},
      {QBENCH_HOST_INFERENCE, &kInference},
      {QBENCH_HOST_FEED, &kFeed},
      {QBENCH_HOST_EMIT, &kEmit}};
  for (const auto& [service, table] : failing) {
    context.Step(fmt::format("{} fails", service));
    CheckHost host(context, table == &kEmit ? "failing_emit" : "failing");
    host.replaced[service] = table;
    QB_ASSIGN_OR_RETURN(const Answer answer, Quantize(context, host, model.bytes.bytes()));
    const std::string what = fmt::format("quantize() while {} fails", service);
    if (table == &kEmit) {
      QB_RETURN_IF_ERROR(MustRefuse(answer, {QBENCH_HOST_ERROR}, what));
    } else if (!answer.ok()) {  // a quantizer that does not use the service is none the wiser
      QB_RETURN_IF_ERROR(MustRefuse(answer, {QBENCH_HOST_ERROR}, what));
    }
  }
  return OkStatus();
}

Status CheckQuantizeOutOfMemory(CheckContext& context) {
  if (AddressLimit::Impossible()) {
    context.Skip("a sanitizer takes more address space than can be limited");
    return OkStatus();
  }
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->large));
  QB_ASSIGN_OR_RETURN(const auto quantizer, CheckedQuantizer::Create(context, host.host()));
  QB_RETURN_IF_ERROR(Must(quantizer->Init(), "init()"));
  QB_ASSIGN_OR_RETURN(const AddressLimit limit, AddressLimit::Make(model.bytes.bytes().size() / 4));
  const Answer answer = quantizer->GiveModel(model);
  limit.Lift();
  QB_RETURN_IF_ERROR(SoundOrRefused(answer, host, "quantize() without memory"));
  if (!answer.ok() && answer.status != QBENCH_OUT_OF_MEMORY) {
    context.Note(fmt::format("without memory it gives {} (\"{}\"), not QBENCH_OUT_OF_MEMORY",
                             StatusName(answer.status), answer.error));
  }
  return OkStatus();
}

}  // namespace qbench::checks
