#include "harness/host/runtime_pool.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace qbench::host {
namespace {

// Hands samples out to threads and hands their results to the caller in order. A thread claims the
// next sample only after its last one was released, so the samples under way are always neighbours,
// and sample i can wait in slot i % threads.
class SampleQueue {
 public:
  struct Slot {
    bool ready = false;
    Runtime* runtime = nullptr;  // holds the outputs until Release
    Status status;
  };

  SampleQueue(size_t threads, uint64_t count) : slots_(threads), count_(count) {}

  // The next sample, or false: there is none, or Stop was called. [worker]
  bool Claim(uint64_t& sample) {
    const std::lock_guard lock(mutex_);
    if (stopped_ || next_ == count_) return false;
    sample = next_++;
    return true;
  }

  // Waits until the outputs of `sample` are released. [worker]
  void Offer(uint64_t sample, Runtime* runtime, Status status) {
    std::unique_lock lock(mutex_);
    Slot& slot = slots_[sample % slots_.size()];
    slot = {true, runtime, std::move(status)};
    changed_.notify_all();
    changed_.wait(lock, [&] { return stopped_ || !slot.ready || slot.runtime != runtime; });
  }

  // Waits for `sample`. [caller]
  Slot WaitFor(uint64_t sample) {
    std::unique_lock lock(mutex_);
    Slot& slot = slots_[sample % slots_.size()];
    changed_.wait(lock, [&] { return slot.ready; });
    return slot;
  }

  // Its outputs are not looked at any more. [caller]
  void Release(uint64_t sample) {
    const std::lock_guard lock(mutex_);
    slots_[sample % slots_.size()].ready = false;
    changed_.notify_all();
  }

  void Stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;
  uint64_t count_;
  uint64_t next_ = 0;
  bool stopped_ = false;
};

Status Compute(Runtime& runtime, uint64_t sample, const RuntimePool::Fill& fill, Bytes& input) {
  QB_RETURN_IF_ERROR(fill(sample, input));
  QB_RETURN_IF_ERROR(runtime.SetInput(0, input));
  QB_RETURN_IF_ERROR(runtime.Invoke());
  return runtime.CheckAfterInvoke();
}

// Stops and joins the threads however Run ends.
class Workers {
 public:
  explicit Workers(SampleQueue& queue) : queue_(queue) {}
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers() {
    queue_.Stop();
    for (std::thread& thread : threads_) thread.join();
  }
  void Start(Runtime& runtime, const RuntimePool::Fill& fill) {
    threads_.emplace_back([&queue = queue_, &runtime, &fill] {
      Bytes input(runtime.inputs().front().ByteSize());
      uint64_t sample = 0;
      while (queue.Claim(sample)) {
        queue.Offer(sample, &runtime, Compute(runtime, sample, fill, input));
      }
    });
  }

 private:
  SampleQueue& queue_;
  std::vector<std::thread> threads_;
};

uint64_t OutputBytes(const Runtime& runtime) {
  uint64_t bytes = 0;
  for (const TensorInfo& output : runtime.outputs()) bytes += output.ByteSize();
  return bytes;
}

}  // namespace

Result<RuntimePool> RuntimePool::Load(const Settings& settings, ByteSpan model) {
  AlignedBytes copy(model);
  QB_ASSIGN_OR_RETURN(RuntimePool pool, LoadInPlace(settings, copy.span()));
  pool.copy_ = std::move(copy);
  return pool;
}

Result<RuntimePool> RuntimePool::LoadInPlace(const Settings& settings, ByteSpan model) {
  RuntimePool pool;
  pool.model_ = model;
  for (size_t i = 0; i < std::max<size_t>(1, settings.instances); ++i) {
    QB_ASSIGN_OR_RETURN(Runtime created,
                        settings.library->CreateRuntime(settings.id, settings.host));
    auto runtime = std::make_unique<Runtime>(std::move(created));
    QB_RETURN_IF_ERROR(runtime->Init(settings.options, settings.threads));
    QB_RETURN_IF_ERROR(runtime->Load(model));
    pool.runtimes_.push_back(std::move(runtime));
    const uint64_t with_one_more = (i + 2) * OutputBytes(*pool.runtimes_.front());
    if (settings.most_output_bytes != 0 && with_one_more > settings.most_output_bytes) break;
    if (settings.most_model_bytes != 0 && (i + 2) * model.size() > settings.most_model_bytes) break;
  }
  return pool;
}

Status RuntimePool::Run(uint64_t count, const Fill& fill, const Deliver& deliver,
                        const std::function<bool()>& cancelled) {
  const size_t threads = static_cast<size_t>(std::min<uint64_t>(runtimes_.size(), count));
  if (threads == 0) return OkStatus();
  SampleQueue queue(threads, count);
  Workers workers(queue);
  for (size_t i = 0; i < threads; ++i) workers.Start(*runtimes_[i], fill);

  // A runtime that only copies its outputs computes the next ones while these are looked at.
  const bool views = runtimes_.front()->views_outputs();
  std::vector<Bytes> copies;
  std::vector<ByteSpan> outputs(this->outputs().size());
  for (size_t i = 0; i < outputs.size() && !views; ++i) {
    outputs[i] = copies.emplace_back(this->outputs()[i].ByteSize());
  }
  for (uint64_t sample = 0; sample < count; ++sample) {
    const SampleQueue::Slot slot = queue.WaitFor(sample);
    QB_RETURN_IF_ERROR(slot.status);
    for (uint32_t i = 0; i < outputs.size(); ++i) {
      if (views) {
        QB_ASSIGN_OR_RETURN(outputs[i], slot.runtime->ViewOutput(i));
      } else {
        QB_RETURN_IF_ERROR(slot.runtime->GetOutput(i, copies[i]));
      }
    }
    if (!views) queue.Release(sample);
    QB_RETURN_IF_ERROR(deliver(sample, outputs));
    if (views) queue.Release(sample);
    if (cancelled && cancelled()) return Error(StatusCode::kCancelled, "stopped by the user");
  }
  return OkStatus();
}

}  // namespace qbench::host
