#!/bin/bash
# What a mesh of 13 points costs: memory and processor of the hub and of each agent, while every pair is measured at HADES' profile (90 packets
# a minute) and traced, two points compare their ways over STAMP each half minute, and throughput is tested each two minutes. The emulator and
# the routers of the lab, which a real network does not run, and iperf3 are counted apart.
#
#     sudo bench/measure/mesh.sh [MINUTES [PATH/TO/quipu]]      10 minutes; what is wanted: < 400 MB and < 25 % of a core
#
# PSS counts a page that several processes share once: the sum is what this one machine pays. RSS counts it in each of them: the sum is what
# as many machines pay, apart from the program's pages that their kernels may drop at any time ("file", in the table of parts).
set -euo pipefail
here=$(realpath "$(dirname "$0")/../..")
minutes=${1:-10}
quipu=$(realpath "${2:-$here/build/release/bin/quipu}")
[ "$(id -u)" = 0 ] || { echo "network namespaces need root"; exit 77; }
command -v iperf3 >/dev/null || { echo "iperf3 is not installed (tools/setup)"; exit 77; }
source "$here/tests/hub.bash"
folder=$(mktemp -d)
cd "$folder"
hub=
trap '[ -z "$hub" ] || { kill -INT $hub && wait $hub; } 2>/dev/null || true; rm -rf "$folder"' EXIT
# RedCLARA's 14 points but one, and what belongs to it.
awk 'BEGIN { RS = ""; ORS = "\n\n" } !/"guatemala"/' "$here/networks/redclara-2011.toml" >network.toml
printf '[agents]\nlisten = ["127.0.0.1:0"]\n' >quipu.toml
start_lab network.toml

below() { # all processes below one
  local child
  for child in $(cat "/proc/$1/task"/*/children 2>/dev/null); do
    echo "$child"
    below "$child"
  done
}
words() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null || true; }
agents=() routers=()
for pid in $(below $hub); do
  if words "$pid" | grep -q ' agent --data'; then agents+=("$pid"); elif words "$pid" | grep -q bird; then routers+=("$pid"); fi
done
site() { words "$1" | sed -E 's|.* agent --data [^ ]*/([^/ ]+) .*|\1|'; }
declare -a sites
for pid in "${agents[@]}"; do sites+=("$(site "$pid")"); done
count=${#agents[@]}

# Ticks of a process itself; of those that it started and that have ended; of the emulator's threads within the hub.
own() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }
ended() { awk '{ sub(/.*\) /, ""); print $14 + $15 }' "/proc/$1/stat"; }
emulator() {
  local task
  for task in /proc/$hub/task/*; do
    ! grep -q emulator "$task/comm" || awk '{ sub(/.*\) /, ""); print $12 + $13 }' "$task/stat"
  done | awk '{ s += $1 } END { print s + 0 }'
}
sleep 30 # the first minute's sessions are being made

declare -A before children
for pid in $hub "${agents[@]}"; do
  before[$pid]=$(own "$pid")
  children[$pid]=$(ended "$pid")
done
emulator_before=$(emulator)
begin=$(date +%s)
until=$((begin + 60 * minutes)) i=0
while [ "$(date +%s)" -lt $until ]; do
  from=${sites[$((i % count))]} to=${sites[$(((i + 1 + i / count) % count))]}
  if [ "$from" != "$to" ]; then
    "$quipu" compare "$to" --from "$from" >compare.out 2>&1 || { echo "$from to $to:"; cat compare.out; } >&2
    if [ $((i % 4)) = 0 ]; then
      "$quipu" measure test "$from" "$to" >test.out 2>&1 || { echo "$from to $to:"; cat test.out; } >&2
    fi
  fi
  i=$((i + 1))
  rest=$((begin + 30 * i - $(date +%s)))
  [ $rest -le 0 ] || sleep $rest
done
seconds=$(($(date +%s) - begin))
hz=$(getconf CLK_TCK)
emulated=$(($(emulator) - emulator_before))

row() { # NAME PID TICKS
  awk -v name="$1" -v ticks="$3" -v s="$seconds" -v hz="$hz" -v threads="$(find "/proc/$2/task" -mindepth 1 -maxdepth 1 | wc -l)" '
    /^Rss:/ { rss = $2 } /^Pss:/ { pss = $2 } /^Private_Dirty:/ { own = $2 }
    END { printf "%-16s %8.1f %8.1f %8.1f %8d %8.2f\n", name, pss / 1024, rss / 1024, own / 1024, threads, 100 * ticks / hz / s }' "/proc/$2/smaps_rollup"
}
parts() { # of a process: resident megabytes by what they are
  awk -v program="$quipu" '
    /^[0-9a-f]+-[0-9a-f]+ / {
      what = $6 == program ? "program, " ($2 ~ /x/ ? "text" : $2 ~ /w/ ? "data" : "constants") : $6 == "[heap]" ? "heap" : $6 ~ /^\[stack/ ? "stack" : $6 ~ /^\// ? "libraries and files" : "anonymous"
    }
    /^Rss:/ { rss[what] += $2 } /^Private_Dirty:/ { own[what] += $2 }
    END { for (one in rss) if (rss[one] > 0) printf "  %-22s %8.1f %8.1f\n", one, rss[one] / 1024, own[one] / 1024 }' "/proc/$1/smaps" | sort
}
{
  row hub $hub $(($(own $hub) - before[$hub] - emulated))
  for n in "${!agents[@]}"; do row "${sites[$n]}" "${agents[$n]}" $(($(own "${agents[$n]}") - before[${agents[$n]}])); done
} >rows
printf '%-16s %8s %8s %8s %8s %8s\n' "$minutes minutes" "PSS MB" "RSS MB" "own MB" threads "% core"
cat rows
awk '{ p += $2; r += $3; o += $4; t += $5; c += $6 } END { printf "%-16s %8.1f %8.1f %8.1f %8d %8.2f   (wanted: < 400 MB, < 25 %%)\n", "together", p, r, o, t, c }' rows
echo "parts of the hub: resident, own (MB)"
parts $hub
echo "parts of ${sites[0]}: resident, own (MB)"
parts "${agents[0]}"
iperf=0
for pid in "${agents[@]}"; do iperf=$((iperf + $(ended "$pid") - children[$pid])); done
pss() { for pid in "$@"; do awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup"; done | awk '{ s += $1 } END { printf "%.1f", s / 1024 }'; }
share() { awk -v t="$1" -v s="$seconds" -v hz="$hz" 'BEGIN { printf "%.2f", 100 * t / hz / s }'; }
echo "apart: emulator $(share $emulated) % of a core (its memory is the hub's), iperf3 $(share $iperf) %, ${#routers[@]} routers $(pss "${routers[@]}") MB PSS"
"$quipu" --output json measure summary | tr -d '\n' | cut -c1-400
echo
echo "$i comparisons; throughput tests: $("$quipu" --output json measure throughput | grep -c '"ok": *true') done"
