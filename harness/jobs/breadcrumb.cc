#include "harness/jobs/breadcrumb.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <set>
#include <span>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "base/one_line.h"

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
  FileDescriptor file(open(path.c_str(), flags, 0600));
  if (file.get() < 0) return WriteError(path.string(), errno);
  // On the disk, not a hole: noting a call in a page that a full disk has no room for is a SIGBUS.
  if (create) {
    const int error = posix_fallocate(file.get(), 0, sizeof(Layout));
    if (error != 0) return WriteError(path.string(), error);
  }
  void* address = mmap(nullptr, sizeof(Layout), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (address == MAP_FAILED) return WriteError(path.string(), errno);
  // The file's zeros are a valid Layout.
  return Breadcrumb(static_cast<Layout*>(address), create ? std::move(file) : FileDescriptor());
}

Result<Breadcrumb> Breadcrumb::Create(const std::filesystem::path& path) { return Map(path, true); }

Result<Breadcrumb> Breadcrumb::Open(const std::filesystem::path& path) { return Map(path, false); }

Breadcrumb::Breadcrumb(Breadcrumb&& other) noexcept
    : layout_(std::exchange(other.layout_, nullptr)), file_(std::move(other.file_)) {}

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
  Bytes bytes(sizeof(Layout));
  const ssize_t got = pread(file_.get(), bytes.data(), bytes.size(), 0);
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  std::set<std::string> places;
  for (size_t at = 0; at + sizeof(Slot) <= bytes.size(); at += sizeof(Slot)) {
    const ByteSpan slot = ByteSpan(bytes).subspan(at, sizeof(Slot));
    const auto depth = LoadUnaligned<uint32_t>(slot.subspan(offsetof(Slot, depth)));
    if (LoadUnaligned<uint32_t>(slot.subspan(offsetof(Slot, used))) == 0 || depth == 0) continue;
    const ByteSpan frame = slot.subspan(offsetof(Slot, frames) +
                                        (std::min<size_t>(depth, kMaxDepth) - 1) * sizeof(Frame));
    const auto phase = LoadUnaligned<uint32_t>(frame.subspan(offsetof(Frame, phase)));
    if (phase == 0 || phase > static_cast<uint32_t>(host::Phase::kDestroy)) continue;
    const auto* name = reinterpret_cast<const char*>(frame.data() + offsetof(Frame, plugin));
    places.insert(
        DescribeCall(SafeLine({name, strnlen(name, kNameBytes)}), static_cast<host::Phase>(phase)));
  }
  return fmt::format("{}", fmt::join(places, " or "));
}

}  // namespace qbench::jobs
