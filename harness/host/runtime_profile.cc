#include "harness/host/abi_tables.h"
#include "harness/host/plugin_calls.h"
#include "harness/host/plugin_library.h"
#include "qbench/profile.h"

namespace qbench::host {
namespace {

// More steps than any model's invoke has; what is beyond is a plugin that cannot count.
constexpr uint32_t kMaxEvents = 1000000;

Result<ProfileEvent> ReadEvent(const qbench_profile_event* event) {
  if (event == nullptr) return Error(StatusCode::kCorrupt, "is null");
  if (!IsWhole(*event) || event->name == nullptr) {
    return Error(StatusCode::kCorrupt, "is truncated or has no name");
  }
  if (event->op < -1 || event->partition < -1) {
    return Error(StatusCode::kCorrupt, "has operator {} and partition {}", event->op,
                 event->partition);
  }
  return ProfileEvent{event->op, event->partition, OneLine(event->name), event->time_ns};
}

}  // namespace

Result<const qbench_runtime_profile*> Runtime::ProfileTable() {
  const void* extension = nullptr;
  QB_RETURN_IF_ERROR(Call(observer_, id_, Phase::kProfile, extension,
                          [&] { return object_->get_extension(object_, QBENCH_RUNTIME_PROFILE); }));
  if (extension == nullptr) {
    return Error(StatusCode::kUnsupported, "{} cannot say where its time goes: it has no profile",
                 id_);
  }
  const auto* table = static_cast<const qbench_runtime_profile*>(extension);
  if (!IsWhole(*table) || table->enable == nullptr || table->event_count == nullptr ||
      table->event == nullptr || table->resolution_ns == nullptr ||
      table->delegate_name == nullptr) {
    return Error(StatusCode::kCorrupt, "{}'s profile table is truncated or has a null member", id_);
  }
  return table;
}

Status Runtime::EnableProfile() {
  QB_ASSIGN_OR_RETURN(const qbench_runtime_profile* table, ProfileTable());
  return CallObject(observer_, id_, Phase::kProfile, object_,
                    [&] { return table->enable(object_); });
}

Result<Profile> Runtime::ReadProfile() {
  QB_ASSIGN_OR_RETURN(const qbench_runtime_profile* table, ProfileTable());
  uint32_t count = 0;
  QB_RETURN_IF_ERROR(
      Call(observer_, id_, Phase::kProfile, count, [&] { return table->event_count(object_); }));
  const char* error = nullptr;
  if (count == 0) {
    QB_RETURN_IF_ERROR(
        Call(observer_, id_, Phase::kProfile, error, [&] { return object_->last_error(object_); }));
  }
  if (error != nullptr && *error != '\0') {
    return Error(StatusCode::kInternal, "{}: {}", id_, OneLine(error));
  }
  if (count == 0 || count > kMaxEvents) {
    return Error(StatusCode::kCorrupt, "{}: the profile of an invoke has {} events", id_, count);
  }
  Profile profile;
  for (uint32_t i = 0; i < count; ++i) {
    const qbench_profile_event* read = nullptr;
    QB_RETURN_IF_ERROR(CallUnchecked(observer_, id_, Phase::kProfile, read,
                                     [&] { return table->event(object_, i); }));
    Result<ProfileEvent> event = ReadEvent(read);
    if (!event.ok()) {
      return event.status().WithContext(fmt::format("{}: event {} of the profile", id_, i));
    }
    profile.events.push_back(std::move(event).value());
  }
  QB_RETURN_IF_ERROR(Call(observer_, id_, Phase::kProfile, profile.resolution_ns,
                          [&] { return table->resolution_ns(object_); }));
  const char* delegate = nullptr;
  QB_RETURN_IF_ERROR(Call(observer_, id_, Phase::kProfile, delegate,
                          [&] { return table->delegate_name(object_); }));
  profile.delegate = OneLine(delegate);
  if (profile.resolution_ns > 0) return profile;
  return Error(StatusCode::kCorrupt, "{}: the profile's clock has the resolution 0", id_);
}

}  // namespace qbench::host
