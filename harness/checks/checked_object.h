// Objects of a plugin, called through their C tables as they are: unlike host::Runtime, out of
// order and with wrong arguments too. Internal to harness/checks.
#pragma once

#include <memory>
#include <vector>

#include "harness/checks/check_context.h"
#include "harness/host/plugin_calls.h"
#include "qbench/profile.h"

namespace qbench::checks {

// What quantizers and runtimes have in common.
class CheckedObject {
 public:
  // A new object of the context's plugin, of either kind. `host` outlives it.
  static Result<std::unique_ptr<CheckedObject>> Create(CheckContext& context,
                                                       const qbench_host* host);
  virtual ~CheckedObject() = default;
  CheckedObject(const CheckedObject&) = delete;
  CheckedObject& operator=(const CheckedObject&) = delete;

  // With these options, and the context's.
  Answer Init(std::vector<host::Option> options = {}, uint32_t threads = 1);
  // Does the object's main work with `model`: load or quantize.
  virtual Answer GiveModel(ByteSpan model) = 0;
  Answer GiveModel(const TestModel& model) { return GiveModel(model.bytes.bytes()); }
  // May return null.
  virtual Result<const char*> LastError() = 0;
  virtual Result<const void*> Extension(const char* id) = 0;
  virtual const void* table() const = 0;
  // Else the destructor does it; here a failure can be told.
  virtual Status Destroy() = 0;

  // The object's facts; none where it has no such extension.
  Result<std::vector<host::Fact>> Facts();

 protected:
  explicit CheckedObject(CheckContext& context) : context_(context) {}
  virtual Answer InitTable(const std::vector<qbench_option>& options, uint32_t threads) = 0;

  // Calls a function of the table, and last_error() where it fails.
  template <typename Function>
  Answer Ask(host::Phase phase, Function&& function) {
    Answer answer;
    answer.broken = host::Call(context_.observer, context_.id(), phase, answer.status, function);
    if (answer.ok() || !answer.broken.ok()) return answer;
    if (answer.status < 0 || answer.status > QBENCH_HOST_ERROR) {
      answer.broken = Broken("status {} is none of the ABI's", answer.status);
      return answer;
    }
    const Result<const char*> text = LastError();
    if (!text.ok()) {
      answer.broken = text.status();
    } else if (*text == nullptr) {
      answer.broken = Broken("last_error() is null after {}", host::PhaseName(phase));
    } else {
      answer.error = host::OneLine(*text);
    }
    return answer;
  }
  // The same for functions that return something else.
  template <typename T, typename Function>
  Result<T> Get(host::Phase phase, Function&& function) const {
    T value{};
    QB_RETURN_IF_ERROR(host::Call(context_.observer, context_.id(), phase, value, function));
    return value;
  }

  CheckContext& context_;
};

class CheckedRuntime : public CheckedObject {
 public:
  static Result<std::unique_ptr<CheckedRuntime>> Create(CheckContext& context,
                                                        const qbench_host* host);
  // Created, initialized with the context's options, and with `model` loaded.
  static Result<std::unique_ptr<CheckedRuntime>> Loaded(CheckContext& context,
                                                        const qbench_host* host,
                                                        const TestModel& model,
                                                        uint32_t threads = 1);
  ~CheckedRuntime() override { (void)CheckedRuntime::Destroy(); }

  using CheckedObject::GiveModel;
  Answer GiveModel(ByteSpan model) override;
  Result<const char*> LastError() override;
  Result<const void*> Extension(const char* id) override;
  const void* table() const override { return object_; }
  Status Destroy() override;

  Answer SetInput(uint32_t index, ByteSpan data);
  Answer Invoke();
  Answer GetOutput(uint32_t index, std::span<uint8_t> data);
  Answer View(const qbench_runtime_output_view& extension, uint32_t index, const void** data);
  Answer EnableProfile(const qbench_runtime_profile& extension);
  Result<uint32_t> Count(bool inputs);
  // Null beyond the end.
  Result<const qbench_tensor_info*> Info(bool inputs, uint32_t index);

  // Sets all inputs. Reads all outputs of the latest invoke, into memory that is guarded.
  Status SetInputs(const std::vector<Bytes>& inputs);
  Result<std::vector<Bytes>> Outputs();
  // SetInputs, Invoke, Outputs.
  Result<std::vector<Bytes>> Run(const std::vector<Bytes>& inputs);

 private:
  CheckedRuntime(CheckContext& context, qbench_runtime* object)
      : CheckedObject(context), object_(object) {}
  Answer InitTable(const std::vector<qbench_option>& options, uint32_t threads) override;

  qbench_runtime* object_;
};

class CheckedQuantizer : public CheckedObject {
 public:
  static Result<std::unique_ptr<CheckedQuantizer>> Create(CheckContext& context,
                                                          const qbench_host* host);
  ~CheckedQuantizer() override { (void)CheckedQuantizer::Destroy(); }

  using CheckedObject::GiveModel;
  Answer GiveModel(ByteSpan model) override;
  Result<const char*> LastError() override;
  Result<const void*> Extension(const char* id) override;
  const void* table() const override { return object_; }
  Status Destroy() override;

 private:
  CheckedQuantizer(CheckContext& context, qbench_quantizer* object)
      : CheckedObject(context), object_(object) {}
  Answer InitTable(const std::vector<qbench_option>& options, uint32_t threads) override;

  qbench_quantizer* object_;
};

// OK where the two are byte for byte equal: "output 0 changed in 12 of 600 bytes <when>".
Status MustEqual(const std::vector<Bytes>& actual, const std::vector<Bytes>& expected,
                 std::string_view when);

}  // namespace qbench::checks
