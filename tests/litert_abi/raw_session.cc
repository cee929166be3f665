#include "tests/litert_abi/raw_session.h"

#include <unistd.h>

namespace qbench::litert {

std::vector<EnvironmentOption> DefaultEnvironment() {
  return {{kTagMinLoggerSeverity, {kAnyInt, kLoggerSilent}},
          {kTagAutoRegisterAccelerators, {kAnyInt, kAcceleratorCpu}}};
}

Result<RawSession> RawSession::Open(const Api& api, ByteSpan file,
                                    const std::vector<EnvironmentOption>& environment) {
  RawSession session(api);
  const auto failed = [](std::string_view doing, ApiStatus status) {
    return Error(StatusCode::kInternal, "LiteRT failed to {}: {}", doing, ApiStatusText(status));
  };
  ApiStatus status = api.CreateEnvironment(static_cast<int>(environment.size()), environment.data(),
                                           &session.environment_);
  if (status != kApiOk) return failed("start", status);
  status =
      api.CreateModelFromBuffer(session.environment_, file.data(), file.size(), &session.model_);
  if (status != kApiOk) return failed("read the model", status);
  status = api.CreateOptions(&session.options_);
  if (status != kApiOk) return failed("make options", status);
  status = api.SetOptionsHardwareAccelerators(session.options_, kAcceleratorCpu);
  if (status != kApiOk) return failed("choose the processor", status);
  status = api.CreateCompiledModel(session.environment_, session.model_, session.options_,
                                   &session.compiled_);
  if (status != kApiOk) return failed("compile the model", status);
  return session;
}

RawSession::~RawSession() {
  if (compiled_ != nullptr) api_.DestroyCompiledModel(compiled_);
  if (options_ != nullptr) api_.DestroyOptions(options_);
  if (model_ != nullptr) api_.DestroyModel(model_);
  if (environment_ != nullptr) api_.DestroyEnvironment(environment_);
}

ErrorStream::ErrorStream() {
  std::fflush(stderr);
  file_ = std::tmpfile();
  if (file_ == nullptr) return;
  saved_ = dup(STDERR_FILENO);
  dup2(fileno(file_), STDERR_FILENO);
}

ErrorStream::~ErrorStream() { (void)Finish(); }

std::string ErrorStream::Finish() {
  if (file_ == nullptr) return "";
  std::fflush(stderr);
  dup2(saved_, STDERR_FILENO);
  close(saved_);
  std::string text;
  std::rewind(file_);
  for (int c = std::fgetc(file_); c != EOF; c = std::fgetc(file_)) text += static_cast<char>(c);
  std::fclose(file_);
  file_ = nullptr;
  return text;
}

}  // namespace qbench::litert
