#!/bin/bash
# What a reflected packet costs, beside irtt's server in the same run: bench/measure/reflector.sh PATH/TO/quipu PATH/TO/bench_reflector
# [SECONDS]. Two namespaces joined by a veth pair, IPv4, about equally long packets. Prints packets per processor second of the
# reflector, its memory for each session, and the round trip that `quipu stamp` measures through an idle and a busy reflector.
set -euo pipefail
quipu=$(realpath "$1") load=$(realpath "$2") seconds=${3:-5}
tests=$(realpath "$(dirname "$0")/../../tests")
tools=irtt
source "$tests/alone.bash"
source "$tests/measure/far.bash"
source "$(dirname "$0")/parts.bash"
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

ip netns exec far "$quipu" measure serve --stamp-port 8620 --listen 192.0.2.2 --stamp-sessions 65000 --keys keys >served 2>/dev/null &
ours=$!
wait_for served '^stamp'
start_irtt

"$quipu" --output json stamp 192.0.2.2:8620 -c 300 -i 0.005 >idle.json
idle=$(value idle.json round_trip_median_us)

before=$(resident $ours)
"$load" 192.0.2.2:8620 2 20000 10000 >sessions.json
after=$(resident $ours)
echo "quipu: $(value sessions.json answered) packets of 10,000 sessions answered of $(value sessions.json sent); $(((after - before) * 1024 / 10000)) octets a session; $after KiB in all"

# What a run of ours costs: RATE (0: as fast as answers come) NAME SESSIONS [OCTETS KEY]
run_ours() {
  local from to
  from=$(ticks $ours)
  "$load" 192.0.2.2:8620 "$seconds" "$1" "$3" "${4:-60}" "${5:-}" >"$2.json"
  to=$(ticks $ours)
  echo "$(value "$2.json" answered) $((to - from))"
}
# irtt: CLIENTS that send every INTERVAL.
run_theirs() {
  local from to n pids=()
  from=$(ticks $theirs)
  for n in $(seq "$1"); do
    irtt client -Q -d "${seconds}s" -i "$2" -l 60 -o "irtt$n.json" 192.0.2.2 >/dev/null 2>&1 &
    pids+=($!)
  done
  wait "${pids[@]}"
  to=$(ticks $theirs)
  local sum=0 one
  for n in $(seq "$1"); do
    one=$(zcat -f "irtt$n.json"* 2>/dev/null | sed -n 's/.*"packets_received": *\([0-9]*\).*/\1/p' | head -1)
    sum=$((sum + ${one:-0}))
  done
  echo "$sum $((to - from))"
}
per_second() { awk -v p="$1" -v t="$2" -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%d", (t > 0 ? p * hz / t : 0) }'; }

read -r irtt_packets irtt_ticks < <(run_theirs 16 100us)
rate=$((irtt_packets / seconds))
read -r same_packets same_ticks < <(run_ours "$rate" same 4)
read -r full_packets full_ticks < <(run_ours 0 full 4)
read -r sealed_packets sealed_ticks < <(run_ours 0 sealed 4 112 abc)
read -r long_packets long_ticks < <(run_ours 0 long 4 112)
a=$(per_second "$irtt_packets" "$irtt_ticks") b=$(per_second "$same_packets" "$same_ticks") c=$(per_second "$full_packets" "$full_ticks")
echo "irtt:  $irtt_packets packets, $irtt_ticks ticks: $a packets a processor second, $rate a second"
echo "quipu: $same_packets packets, $same_ticks ticks: $b packets a processor second at irtt's rate"
echo "quipu: $full_packets packets, $full_ticks ticks: $c packets a processor second at full drive, $((full_packets / seconds)) a second"
d=$(per_second "$sealed_packets" "$sealed_ticks") e=$(per_second "$long_packets" "$long_ticks")
echo "quipu: $d packets a processor second authenticated, $e open in packets of the same 112 octets, at full drive"
awk -v a="$a" -v b="$b" -v c="$c" 'BEGIN { if (a > 0) printf "ratio to irtt: %.1f at its rate, %.1f at full drive\n", b / a, c / a }'

"$load" 192.0.2.2:8620 "$seconds" 0 4 60 >busy-load.json &
busy=$!
"$quipu" --output json stamp 192.0.2.2:8620 -c 300 -i 0.01 >busy.json
wait $busy
echo "round trip by kernel stamps, median: idle $idle us, at full drive $(value busy.json round_trip_median_us) us; held by the reflector (median) $(value busy.json held_us) us"
echo "held at full drive: p50 $(value full.json held_p50_us) us, p99 $(value full.json held_p99_us) us; load's own loss: $(value full.json own_loss)"
echo "load of the machine: $(cut -d' ' -f1-3 /proc/loadavg)"
