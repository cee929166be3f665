#!/bin/sh
# Writes manifest.toml for the images that draw_scenes left in a folder.
#   write_manifest.sh DIR SEED
# The content hash of a split: SHA-256 over what sha256sum prints for its images, sorted by path.
set -eu
if [ $# -ne 2 ]; then
  echo "usage: $0 DIR SEED, with the --out and --seed given to draw_scenes" >&2
  exit 2
fi
cd "$1"

write_split() {
  images=$(cd "$1" && find . -type f -name '*.jpg' | wc -l)
  hash=$(cd "$1" && find . -type f -name '*.jpg' -printf '%P\n' | LC_ALL=C sort |
    xargs sha256sum | sha256sum | cut -d ' ' -f 1)
  printf '\n[splits.%s]\npath = "%s"\nimages = %d\nsha256 = "%s"\n' "$1" "$1" "$images" "$hash"
}

{
  cat <<END
name = "scenes"
title = "Scenes: six classes of drawn landscapes and towns, a stand-in for the Intel set"
licence = "Apache-2.0"
source = "drawn by datasets/scenes/draw, seed $2"
labels = ["buildings", "forest", "glacier", "mountain", "sea", "street"]
default_models = ["intel-cnn", "mobilenetv2-035-96"]
END
  write_split train
  write_split calibration
  write_split test
} > manifest.toml

copies=$(find train calibration test -type f -name '*.jpg' -exec sha256sum {} + |
  cut -d ' ' -f 1 | sort | uniq -d | wc -l)
if [ "$copies" -ne 0 ]; then
  echo "$0: $copies images occur more than once; draw with another seed" >&2
  exit 1
fi
