#include <malloc.h>

#include <barrier>

#include "harness/checks/check_host.h"
#include "harness/checks/checked_object.h"
#include "harness/checks/output_difference.h"
#include "harness/checks/runtime_checks.h"

namespace qbench::checks {
namespace {

using Outputs = std::vector<Bytes>;

// Two sets of inputs, and what a fresh object makes of each.
struct Expected {
  TestModel model;
  std::vector<Bytes> a, b;
  Outputs of_a, of_b;
};

Result<Outputs> RunFresh(CheckContext& context, const qbench_host* host, const TestModel& model,
                         const std::vector<Bytes>& inputs, uint32_t threads = 1) {
  QB_ASSIGN_OR_RETURN(const auto runtime, CheckedRuntime::Loaded(context, host, model, threads));
  return runtime->Run(inputs);
}

Result<Expected> MakeExpected(CheckContext& context, const qbench_host* host,
                              const std::filesystem::path& file) {
  Expected expected;
  QB_ASSIGN_OR_RETURN(expected.model, TestModel::Read(file));
  graph::Random random(context.seed);
  expected.a = expected.model.RandomInputs(random);
  expected.b = expected.model.RandomInputs(random);
  QB_ASSIGN_OR_RETURN(expected.of_a, RunFresh(context, host, expected.model, expected.a));
  QB_ASSIGN_OR_RETURN(expected.of_b, RunFresh(context, host, expected.model, expected.b));
  return expected;
}

}  // namespace

Status CheckRuntimeLife(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const Expected expected,
                      MakeExpected(context, host.host(), context.files->model));
  QB_ASSIGN_OR_RETURN(const auto runtime,
                      CheckedRuntime::Loaded(context, host.host(), expected.model));
  QB_ASSIGN_OR_RETURN(const Outputs outputs, runtime->Run(expected.a));
  QB_RETURN_IF_ERROR(MustEqual(outputs, expected.of_a, "in another object"));
  QB_RETURN_IF_ERROR(runtime->Destroy());
  if (expected.of_a == expected.of_b) {
    context.Note("its outputs are the same for two different random inputs");
  }
  return OkStatus();
}

Status CheckRepeatedInvoke(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const Expected expected,
                      MakeExpected(context, host.host(), context.files->model));
  QB_ASSIGN_OR_RETURN(const auto runtime,
                      CheckedRuntime::Loaded(context, host.host(), expected.model));
  for (int i = 1; i <= 20; ++i) {
    QB_ASSIGN_OR_RETURN(const Outputs outputs, runtime->Run(expected.a));
    QB_RETURN_IF_ERROR(
        MustEqual(outputs, expected.of_a, fmt::format("in invoke {} of the same inputs", i)));
  }
  return OkStatus();
}

Status CheckInputsStay(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const Expected expected,
                      MakeExpected(context, host.host(), context.files->model));
  QB_ASSIGN_OR_RETURN(const auto runtime,
                      CheckedRuntime::Loaded(context, host.host(), expected.model));
  QB_RETURN_IF_ERROR(runtime->SetInputs(expected.a));
  for (int i = 1; i <= 3; ++i) {
    QB_RETURN_IF_ERROR(Must(runtime->Invoke(), "invoke()"));
    QB_ASSIGN_OR_RETURN(const Outputs outputs, runtime->Outputs());
    QB_RETURN_IF_ERROR(MustEqual(outputs, expected.of_a,
                                 fmt::format("in invoke {} after inputs were set once", i)));
  }
  return OkStatus();
}

Status CheckLatestOutputs(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const Expected expected,
                      MakeExpected(context, host.host(), context.files->model));
  QB_ASSIGN_OR_RETURN(const auto runtime,
                      CheckedRuntime::Loaded(context, host.host(), expected.model));
  QB_ASSIGN_OR_RETURN(Outputs outputs, runtime->Run(expected.a));
  QB_ASSIGN_OR_RETURN(outputs, runtime->Outputs());
  QB_RETURN_IF_ERROR(MustEqual(outputs, expected.of_a, "when it is read a second time"));
  QB_RETURN_IF_ERROR(runtime->SetInputs(expected.b));
  QB_ASSIGN_OR_RETURN(outputs, runtime->Outputs());
  return MustEqual(outputs, expected.of_a, "after set_input() and before the next invoke()");
}

Status CheckNoStateBetweenInvokes(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const Expected expected,
                      MakeExpected(context, host.host(), context.files->model));
  QB_ASSIGN_OR_RETURN(const auto runtime,
                      CheckedRuntime::Loaded(context, host.host(), expected.model));
  for (int i = 0; i < 4; ++i) {
    QB_ASSIGN_OR_RETURN(const Outputs of_a, runtime->Run(expected.a));
    QB_RETURN_IF_ERROR(MustEqual(of_a, expected.of_a, "after other inputs were run"));
    QB_ASSIGN_OR_RETURN(const Outputs of_b, runtime->Run(expected.b));
    QB_RETURN_IF_ERROR(MustEqual(of_b, expected.of_b, "after other inputs were run"));
  }
  return OkStatus();
}

Status CheckTwoInstances(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const Expected expected,
                      MakeExpected(context, host.host(), context.files->model));
  QB_ASSIGN_OR_RETURN(const auto first,
                      CheckedRuntime::Loaded(context, host.host(), expected.model));
  QB_ASSIGN_OR_RETURN(auto second, CheckedRuntime::Loaded(context, host.host(), expected.model));
  // Every step of one between two steps of the other.
  QB_RETURN_IF_ERROR(first->SetInputs(expected.a));
  QB_RETURN_IF_ERROR(second->SetInputs(expected.b));
  QB_RETURN_IF_ERROR(Must(first->Invoke(), "invoke()"));
  QB_RETURN_IF_ERROR(Must(second->Invoke(), "invoke()"));
  QB_ASSIGN_OR_RETURN(Outputs outputs, first->Outputs());
  QB_RETURN_IF_ERROR(MustEqual(outputs, expected.of_a, "beside a second object"));
  QB_ASSIGN_OR_RETURN(outputs, second->Outputs());
  QB_RETURN_IF_ERROR(MustEqual(outputs, expected.of_b, "beside a first object"));
  QB_RETURN_IF_ERROR(second->Destroy());
  second.reset();
  QB_ASSIGN_OR_RETURN(outputs, first->Outputs());
  QB_RETURN_IF_ERROR(MustEqual(outputs, expected.of_a, "after another object was destroyed"));
  QB_ASSIGN_OR_RETURN(outputs, first->Run(expected.b));
  return MustEqual(outputs, expected.of_b, "after another object was destroyed");
}

Status CheckTwoModels(CheckContext& context) {
  if (context.files->other.empty()) {
    context.Skip("it runs only one of the models");
    return OkStatus();
  }
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const Expected one, MakeExpected(context, host.host(), context.files->model));
  QB_ASSIGN_OR_RETURN(const Expected two, MakeExpected(context, host.host(), context.files->other));
  QB_ASSIGN_OR_RETURN(const auto first, CheckedRuntime::Loaded(context, host.host(), one.model));
  QB_ASSIGN_OR_RETURN(const auto second, CheckedRuntime::Loaded(context, host.host(), two.model));
  for (int i = 0; i < 3; ++i) {
    QB_ASSIGN_OR_RETURN(Outputs outputs, first->Run(one.a));
    QB_RETURN_IF_ERROR(MustEqual(outputs, one.of_a, "beside an object with another model"));
    QB_ASSIGN_OR_RETURN(outputs, second->Run(two.a));
    QB_RETURN_IF_ERROR(MustEqual(outputs, two.of_a, "beside an object with another model"));
  }
  return OkStatus();
}

Status CheckParallelInstances(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const Expected expected,
                      MakeExpected(context, host.host(), context.files->model));
  constexpr int kThreads = 8;
  std::barrier all_loaded(kThreads);
  return OnThreads(kThreads, [&](int thread) -> Status {
    const bool even = thread % 2 == 0;
    const auto loaded = CheckedRuntime::Loaded(context, host.host(), expected.model);
    all_loaded.arrive_and_wait();
    QB_RETURN_IF_ERROR(loaded.status());
    CheckedRuntime* runtime = loaded->get();
    for (int i = 0; i < 20; ++i) {
      QB_ASSIGN_OR_RETURN(const Outputs outputs, runtime->Run(even ? expected.a : expected.b));
      QB_RETURN_IF_ERROR(MustEqual(outputs, even ? expected.of_a : expected.of_b,
                                   "with eight objects on eight threads"));
    }
    return runtime->Destroy();
  });
}

Status CheckOtherThread(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const Expected expected,
                      MakeExpected(context, host.host(), context.files->model));
  QB_ASSIGN_OR_RETURN(const auto runtime, CheckedRuntime::Create(context, host.host()));
  QB_RETURN_IF_ERROR(Must(runtime->Init(), "init()"));
  const auto on_a_thread = [](const std::function<Status()>& function) {
    return OnThreads(1, [&](int) { return function(); });
  };
  QB_RETURN_IF_ERROR(on_a_thread([&] {
    return Must(runtime->GiveModel(expected.model), "load() on another thread than init()");
  }));
  for (int i = 0; i < 3; ++i) {
    QB_RETURN_IF_ERROR(on_a_thread([&]() -> Status {
      QB_ASSIGN_OR_RETURN(const Outputs outputs, runtime->Run(expected.a));
      return MustEqual(outputs, expected.of_a, "on another thread");
    }));
  }
  return on_a_thread([&] { return runtime->Destroy(); });
}

Status CheckThreads(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const Expected expected,
                      MakeExpected(context, host.host(), context.files->model));
  for (const uint32_t threads : {2U, 3U, 8U}) {
    QB_ASSIGN_OR_RETURN(const Outputs outputs,
                        RunFresh(context, host.host(), expected.model, expected.a, threads));
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Difference difference =
          Compare(expected.model.info.outputs[i].type, outputs[i], expected.of_a[i]);
      if (difference.largest <= (difference.steps ? 1.0 : 1e-5)) continue;
      return Broken("output {} is {} off with {} threads", i, Describe(difference), threads);
    }
  }
  return OkStatus();
}

Status CheckHeapGrowth(CheckContext& context) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  context.Skip("a sanitizer has taken the heap over");
  return OkStatus();
#else
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const Expected expected,
                      MakeExpected(context, host.host(), context.files->model));
  QB_ASSIGN_OR_RETURN(const auto runtime,
                      CheckedRuntime::Loaded(context, host.host(), expected.model));
  const auto in_use = [] {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const auto invoke = [&](int times) -> Result<size_t> {
    for (int i = 0; i < times; ++i) QB_RETURN_IF_ERROR(Must(runtime->Invoke(), "invoke()"));
    return in_use();
  };
  QB_RETURN_IF_ERROR(runtime->SetInputs(expected.a));
  constexpr int kInvokes = 200;
  QB_ASSIGN_OR_RETURN(const size_t before, invoke(20));
  QB_ASSIGN_OR_RETURN(const size_t after, invoke(kInvokes));
  // Half a byte an invoke is chance; a leak is a block an invoke.
  if (after <= before + kInvokes / 2) return OkStatus();
  return Broken("the heap grew by {} bytes in {} invokes", after - before, kInvokes);
#endif
}

}  // namespace qbench::checks
