// A reader of bytes that come from outside, as a fuzz target. Each target is one file that defines
// Target(); linked with replay_main.cc it is a program that mutates and replays (every compiler),
// with libfuzzer_main.cc a libFuzzer program (clang, preset `fuzz`).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace qbench::fuzz {

struct FuzzTarget {
  std::string_view name;  // of what is read: "sidecar"
  // Sound inputs to start from: small, the same on every machine, at least one, none empty.
  std::vector<Bytes> (*seeds)();
  // Gives the input to the reader, and what the reader accepts to what comes behind it. Whether it
  // was accepted. Calls Fail() where what was accepted does not hold what that promises.
  bool (*run)(ByteSpan input);
  // A mutated copy of `input`, for formats in which changed bytes seldom get past the first check
  // (a checksum, a parser). Null: bytes are changed (tests/fuzz/mutate.h). The same seed gives the
  // same mutation.
  Bytes (*mutate)(const Bytes& input, uint64_t seed) = nullptr;
};

// Of the program that is running.
const FuzzTarget& Target();

// Ends the program as a sanitizer does: the reader is at fault.
[[noreturn]] void Fail(std::string_view what);

// Whether a refusal blames the input, as a reader's must: kCorrupt, kUnsupported, kInvalidArgument
// or kNotFound. Calls Fail() with the message where it does not.
bool Refused(const Status& status);
// The message of the last one.
const std::string& LastRefusal();

}  // namespace qbench::fuzz
