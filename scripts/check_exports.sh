#!/usr/bin/env bash
# Holds what `qbench report` writes for other programs against their own readers.
#     scripts/check_exports.sh [--preset NAME] DATABASE
# Installs junitparser, prometheus-client and jsonschema from PyPI into a throw-away folder; promtool
# (Debian: prometheus) and xmllint (libxml2-utils) are used where they are installed, and named where
# they are not. Exit status: 0 all was taken, 1 something was refused, 2 it cannot be said.
set -euo pipefail

fail() {
  echo "check_exports.sh: $*" >&2
  exit 2
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
preset=dev database=''
while (($#)); do
  case $1 in
    -h | --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 0 ;;
    --preset) (($# > 1)) || fail "--preset needs a name"; preset=$2; shift 2 ;;
    -*) fail "unknown option $1; see --help" ;;
    *) database=$1; shift ;;
  esac
done
[[ -f $database ]] || fail "name a database with a run; see --help"
qbench=$root/build/$preset/bin/qbench
[[ -x $qbench ]] || qbench=$(find "$root/build/$preset" -type f -name qbench -perm -u+x | head -1)
[[ -x $qbench ]] || fail "build qbench first: scripts/build.sh $preset"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip --quiet --disable-pip-version-check install --target "$folder/readers" \
  junitparser prometheus-client jsonschema 2>/dev/null || fail "cannot install the readers from PyPI"
for format in bencher github-benchmark junit prometheus; do
  "$qbench" report --db "$database" --all --format "$format" -o "$folder/$format" >/dev/null
done

status=0
say() { # NAME COMMAND...
  local name=$1
  shift
  if "$@" >"$folder/log" 2>&1; then
    echo "$name: taken"
  else
    echo "$name: refused"
    cat "$folder/log"
    status=1
  fi
}
python() { PYTHONPATH=$folder/readers python3 - "$@"; }

bencher() {
  python "$folder/bencher" <<'END'
import json, jsonschema, sys
number = {"type": "number"}
metric = {"type": "object", "required": ["value"], "additionalProperties": False,
          "properties": {"value": number, "lower_value": number, "upper_value": number}}
measures = {"type": "object", "minProperties": 1, "additionalProperties": metric}
jsonschema.validate(json.load(open(sys.argv[1])),
                    {"type": "object", "minProperties": 1, "additionalProperties": measures})
END
}
github() {
  python "$folder/github-benchmark" <<'END'
import json, jsonschema, sys
text = {"type": "string"}
entry = {"type": "object", "required": ["name", "unit", "value"], "additionalProperties": False,
         "properties": {"name": text, "unit": text, "value": {"type": "number"}, "range": text,
                        "extra": text}}
jsonschema.validate(json.load(open(sys.argv[1])), {"type": "array", "minItems": 1, "items": entry})
END
}
junit() {
  python "$folder/junit" <<'END'
import sys
from junitparser import JUnitXml, Failure, Error, Skipped
suites = JUnitXml.fromfile(sys.argv[1])
tests = [case for suite in suites for case in suite]
assert tests and len(tests) == suites.tests
for kind, count in (Failure, suites.failures), (Error, suites.errors), (Skipped, suites.skipped):
    assert sum(isinstance(r, kind) for case in tests for r in case.result) == count, kind
END
}
prometheus() {
  python "$folder/prometheus" <<'END'
import sys
from prometheus_client.parser import text_string_to_metric_families as parse
samples = [s for family in parse(open(sys.argv[1]).read()) for s in family.samples]
keys = [(s.name, tuple(sorted(s.labels.items()))) for s in samples]
assert samples and len(set(keys)) == len(keys)
END
}
say "Bencher's documented schema" bencher
say "github-action-benchmark's fields" github
say "junitparser" junit
say "prometheus-client" prometheus
promtool_reads() { promtool check metrics <"$folder/prometheus"; }
if command -v promtool >/dev/null; then say promtool promtool_reads; else echo "promtool: not installed"; fi
if command -v xmllint >/dev/null; then
  say xmllint xmllint --noout "$folder/junit"
else
  echo "xmllint: not installed"
fi
exit "$status"
