#!/usr/bin/env bash
# From a fresh machine to a report: installs what is missing, builds, and runs the shipped models in
# three precisions over the shipped images. What follows goes to `qbench run` as it is.
#     scripts/first_run.sh [--threads 1,4] [--db FILE] …
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh
scripts/build.sh release
exec build/release/bin/qbench run --plugins int8,fp16,float --dataset scenes "$@"
