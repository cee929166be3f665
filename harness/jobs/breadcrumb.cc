#include "harness/jobs/breadcrumb.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <set>
#include <span>
#include <system_error>
#include <utility>

#include "base/files.h"

namespace qbench::jobs {
namespace {

constexpr size_t kMaxDepth = 6;  // quantize, host service, invoke, … do not go deeper
constexpr size_t kMaxThreads = 128;
constexpr size_t kNameBytes = 64;

struct Frame {
  std::atomic<uint32_t> phase;
  char plugin[kNameBytes];  // NUL-terminated, cut to fit
};

struct Slot {
  std::atomic<uint32_t> used;
  std::atomic<uint32_t> depth;
  std::array<Frame, kMaxDepth> frames;
};

// A thread's slot, given back when the thread ends.
struct ThreadSlot {
  Slot* slot = nullptr;
  ~ThreadSlot() {
    if (slot != nullptr) slot->used.store(0);
  }
};
thread_local ThreadSlot thread_slot;

Slot* Acquire(std::span<Slot> slots) noexcept {
  if (thread_slot.slot == nullptr) {
    for (Slot& slot : slots) {
      uint32_t expected = 0;
      if (!slot.used.compare_exchange_strong(expected, 1)) continue;
      slot.depth.store(0);
      thread_slot.slot = &slot;
      break;
    }
  }
  return thread_slot.slot;
}

std::string DescribeCall(const std::string& plugin, host::Phase phase) {
  if (phase == host::Phase::kOpen) return "the loading of " + plugin;
  return fmt::format("{}'s {}", plugin, host::PhaseName(phase));
}

}  // namespace

struct Breadcrumb::Layout {
  std::array<Slot, kMaxThreads> slots;
};

static_assert(std::atomic<uint32_t>::is_always_lock_free, "shared between processes");

Result<Breadcrumb> Breadcrumb::Map(const std::filesystem::path& path, bool create) {
  const int flags = O_RDWR | O_CLOEXEC | (create ? O_CREAT | O_TRUNC : 0);
  const int file = open(path.c_str(), flags, 0600);
  void* address = MAP_FAILED;
  // On the disk, not a hole: noting a call in a page that a full disk has no room for is a SIGBUS.
  int error = file < 0 ? errno : create ? posix_fallocate(file, 0, sizeof(Layout)) : 0;
  if (error == 0) {
    address = mmap(nullptr, sizeof(Layout), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (address == MAP_FAILED) error = errno;
  }
  if (file >= 0) close(file);
  if (address == MAP_FAILED) {
    return WriteError(path.string(), error);
  }
  // The file's zeros are a valid Layout.
  return Breadcrumb(static_cast<Layout*>(address));
}

Result<Breadcrumb> Breadcrumb::Create(const std::filesystem::path& path) { return Map(path, true); }

Result<Breadcrumb> Breadcrumb::Open(const std::filesystem::path& path) { return Map(path, false); }

Breadcrumb::Breadcrumb(Breadcrumb&& other) noexcept
    : layout_(std::exchange(other.layout_, nullptr)) {}

Breadcrumb::~Breadcrumb() {
  if (layout_ == nullptr) return;
  const auto* slots = layout_->slots.data();
  if (thread_slot.slot >= slots && thread_slot.slot < slots + kMaxThreads) {
    thread_slot.slot = nullptr;
  }
  munmap(layout_, sizeof(Layout));
}

void Breadcrumb::Enter(std::string_view plugin, host::Phase phase) noexcept {
  Slot* slot = Acquire(layout_->slots);
  if (slot == nullptr) return;
  const uint32_t depth = slot->depth.load(std::memory_order_relaxed);
  if (depth < kMaxDepth) {
    Frame& frame = slot->frames[depth];
    const size_t length = std::min(plugin.size(), kNameBytes - 1);
    std::memcpy(frame.plugin, plugin.data(), length);
    frame.plugin[length] = '\0';
    frame.phase.store(static_cast<uint32_t>(phase), std::memory_order_relaxed);
  }
  slot->depth.store(depth + 1, std::memory_order_release);
}

void Breadcrumb::Leave() noexcept {
  Slot* slot = thread_slot.slot;
  if (slot == nullptr) return;
  slot->depth.store(slot->depth.load(std::memory_order_relaxed) - 1, std::memory_order_release);
}

std::string Breadcrumb::Where() const {
  std::set<std::string> places;
  for (const Slot& slot : layout_->slots) {
    const uint32_t depth = slot.depth.load(std::memory_order_acquire);
    if (slot.used.load() == 0 || depth == 0) continue;
    const Frame& frame = slot.frames[std::min<size_t>(depth, kMaxDepth) - 1];
    const auto phase = static_cast<host::Phase>(frame.phase.load());
    if (phase == host::Phase::kNone) continue;
    const std::string plugin(frame.plugin, strnlen(frame.plugin, kNameBytes));
    places.insert(DescribeCall(plugin, phase));
  }
  return fmt::format("{}", fmt::join(places, " or "));
}

}  // namespace qbench::jobs
