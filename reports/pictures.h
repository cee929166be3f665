// Pictures of images that changed their class, for pages that show them. Made elsewhere
// (cli/flip_pictures.h): reports read no file.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace qbench::reports {

// The hash of the split and the image's path below its folder.
using PictureKey = std::pair<std::string, std::string>;

struct Pictures {
  // What an <img> shows: "data:image/jpeg;base64,…", made of the characters of base64 alone.
  std::map<PictureKey, std::string> sources;
  // Why pictures are missing, a sentence each.
  std::vector<std::string> missing;
};

}  // namespace qbench::reports
