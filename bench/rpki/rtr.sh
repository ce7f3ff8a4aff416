#!/bin/bash
# The whole table over RTR to 1, 20 and 200 routers, from quipu's server and from stayrtr in one run: processor seconds of the
# server for each router, and how long its first octet took. bench/rpki/rtr.sh PATH/TO/bench_rtr [VRPS [ROUTERS…]]; a peer that is
# missing is said. 200 routers keep stayrtr busy for some ten minutes.
set -euo pipefail
bench=$(realpath "$1")
count=${2:-800000}
routers=("${@:3}")
[ ${#routers[@]} != 0 ] || routers=(1 20 200)
work=$(mktemp -d)
started=()
finish() {
  local process
  for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
cd "$work"

ask() { # NAME PORT PID
  local clients
  for clients in "${routers[@]}"; do
    echo "$1: $("$bench" load "$2" $clients "$3" | tee "$1.$clients")"
  done
}

mkfifo input
"$bench" serve "$count" <input >served 2>quipu.log &
quipu=$!
started+=($quipu)
exec 3>input
until grep -q '^port' served; do sleep 0.1; done
ask quipu "$(sed -n 's/^port //p' served)" $quipu

if ! command -v stayrtr >/dev/null; then
  echo "stayrtr is not installed: not measured"
  exit
fi
"$bench" json "$count" >vrps.json
port=28282
stayrtr -bind 127.0.0.1:$port -cache vrps.json -checktime=false -metrics.addr 127.0.0.1:0 -protocol 1 -loglevel error >stayrtr.log 2>&1 &
stayrtr=$!
started+=($stayrtr)
until "$bench" load $port 1 $stayrtr 2>/dev/null | grep -q " $count VRPs"; do sleep 1; kill -0 $stayrtr || { cat stayrtr.log; exit 1; }; done
ask stayrtr $port $stayrtr
for clients in "${routers[@]}"; do
  awk -v n=$clients '{ for (i = 1; i < NF; i++) if ($(i + 1) == "CPU") cpu[FNR == NR] = $i }
    END { printf "%d routers: stayrtr / quipu: %.1f\n", n, cpu[0] / cpu[1] }' quipu.$clients stayrtr.$clients
done
