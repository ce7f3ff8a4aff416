#!/bin/bash
# Cold validation of one generated tree by quipu, rpki-client and fort in one run: processor seconds, memory, and whether
# the sorted VRP sets are equal. bench/rpki/validate.sh PATH/TO/quipu OBJECTS [FOLDER]; a peer that is missing is said.
set -euo pipefail
quipu=$(realpath "$1")
objects=$2
work=${3:-$(mktemp -d)}
chmod 755 "$work"
cd "$work"

measure() { # NAME COMMAND…: CPU seconds and peak memory by the kernel's own accounts
  local name=$1
  shift
  /usr/bin/env python3 - "$name" "$@" <<'PY'
import resource, subprocess, sys, time
name, command = sys.argv[1], sys.argv[2:]
start = time.monotonic()
status = subprocess.run(command, stdout=open(name + ".out", "w"), stderr=open(name + ".err", "w")).returncode
wall = time.monotonic() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu = used.ru_utime + used.ru_stime
open(name + ".cpu", "w").write(f"{cpu}")
print(f"{name:12} {cpu:9.2f} CPU s ({used.ru_utime:.2f} user, {used.ru_stime:.2f} system)  {wall:8.2f} s  {used.ru_maxrss / 1024:7.0f} MiB  status {status}")
PY
}
sorted() { sed 1d "$1" | cut -d, -f1-3 | sort; }
ratio() { awk -v a="$(cat "$1.cpu")" -v b="$(cat quipu.cpu)" -v n="$1" 'BEGIN { printf "%s / quipu: %.1f\n", n, a / b }'; }

[ -e tree/labels.csv ] || "$quipu" rpki lab --folder tree --objects "$objects"
find tree/cache -type f -exec cat {} + >/dev/null # all three find the files in memory

measure quipu "$quipu" rpki validate --offline tree/cache --tals tree/tals --output csv
sorted quipu.out >quipu.vrps
echo "$(wc -l <quipu.vrps) VRPs"

if command -v rpki-client >/dev/null; then
  rm -rf rc && mkdir -p rc/cache/ta rc/out
  cp -r tree/cache/. rc/cache/
  tals=()
  for tal in tree/tals/*.tal; do
    name=$(basename "$tal" .tal)
    tals+=(-t "$tal")
    mkdir "rc/cache/ta/$name"
    cp tree/cache/*/ta/"$name".cer "rc/cache/ta/$name/"
  done
  [ "$(id -u)" != 0 ] || chown -R _rpki-client rc
  measure rpki-client rpki-client -n -c -s 0 -d rc/cache "${tals[@]}" rc/out
  sorted rc/out/csv >rpki-client.vrps
  cmp quipu.vrps rpki-client.vrps && echo "rpki-client: the same VRPs"
  ratio rpki-client
  rm -rf rc
else
  echo "rpki-client is not installed: not measured"
fi

if command -v fort >/dev/null; then
  measure fort fort --mode=standalone --work-offline=true --tal=tree/tals --local-repository=tree/cache --output.roa=fort.csv
  sorted fort.csv >fort.vrps
  cmp quipu.vrps fort.vrps && echo "fort: the same VRPs"
  ratio fort
else
  echo "fort is not installed: not measured"
fi
