#!/usr/bin/env bash
# Makes what other converters make of the shipped models, for the tests that compare with them:
# FOLDER/peers, from the shipped models and images. Needs Python 3.11 or newer, network and some 3 GB of
# disk for a throw-away environment below FOLDER; takes some minutes. qbench itself needs none of it.
#     scripts/make_peers.sh FOLDER
#     QBENCH_SHARED=FOLDER scripts/test.sh
set -euo pipefail
if [[ $# -ne 1 ]]; then
  echo "usage: scripts/make_peers.sh FOLDER" >&2
  exit 2
fi
mkdir -p "$1"
folder=$(realpath "$1")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --requirement "$root/scripts/peers/requirements.txt"
exec "$folder/environment/bin/python" "$root/scripts/peers/make_peers.py" "$root" "$folder/peers"
