// A file that is one message.
#pragma once

#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/message_lite.h>

#include <filesystem>

#include "base/files.h"
#include "base/regular_file.h"
#include "base/status.h"

namespace qbench::graph::import {

// Parses piece by piece: the file is never in memory beside the message. kNotFound, kIo,
// kInvalidArgument: too large; kCorrupt: it is no such message (`what`, with its article).
inline Status ReadProtoFile(const std::filesystem::path& path, std::string_view what,
                            google::protobuf::MessageLite& message) {
  QB_ASSIGN_OR_RETURN(const RegularFile file, OpenRegularFile(path));
  if (file.size > kMaxFileBytes - 1) {
    return Error(StatusCode::kInvalidArgument, "{} has {} bytes, more than the limit of {}",
                 path.string(), file.size, kMaxFileBytes - 1);
  }
  google::protobuf::io::FileInputStream stream(file.descriptor.get());
  if (message.ParseFromZeroCopyStream(&stream)) return OkStatus();
  if (stream.GetErrno() != 0) {
    return Error(StatusCode::kIo, "cannot read {}: {}", path.string(),
                 ErrnoText(stream.GetErrno()));
  }
  return Error(StatusCode::kCorrupt, "{}: not {}, or damaged; copy it again", path.string(), what);
}

}  // namespace qbench::graph::import
