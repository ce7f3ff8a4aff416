#!/bin/bash
# The highest one-way rate without loss, beside irtt in the same run: bench/measure/oneway.sh PATH/TO/quipu [SECONDS]. Two namespaces joined by
# a veth pair, `quipu owping` here, `quipu measure serve` there, one core for each end. Prints for each rate and mode what was lost, by how much
# the median delay is above that of 1,000 packets a second, and processor time a packet at each end (the client's with its records and sums).
set -euo pipefail
quipu=$(realpath "$1") seconds=${2:-4}
tests=$(realpath "$(dirname "$0")/../../tests")
tools="irtt taskset"
source "$tests/alone.bash"
source "$tests/measure/far.bash"
source "$(dirname "$0")/parts.bash"

taskset -c 1 ip netns exec far "$quipu" measure serve --owamp-port 8610 --listen 192.0.2.2 --keys keys \
  --most-rate 1000000 --most-packets 10000000 >served 2>/dev/null &
server=$!
wait_for served '^owamp'
most=800000 # packets of a session: the server's memory for records (64 MiB of a client) holds no more
count_of() { echo $(($1 * seconds > most ? most : $1 * seconds)); }

# What went at RATE in MODE: sent, lost, median delay (ms), processor seconds here and there.
TIMEFORMAT='%U %S'
run() { # MODE RATE [CORE]
  local mode=$1 rate=$2 core=${3:-0} from to here
  from=$(ticks $server)
  here=$({ time taskset -c "$core" "$quipu" --output json owping 192.0.2.2:8610 -t -A "$mode" -u ana -k keys -c "$(count_of "$rate")" \
    -i "$(awk -v r="$rate" 'BEGIN { printf "%.9f", 1 / r }')f" -L 1 >ping.json 2>ping.err; } 2>&1) || { cat ping.err >&2; return 1; }
  to=$(ticks $server)
  echo "$(value ping.json sent) $(value ping.json lost) $(value ping.json delay_median_ms) $(awk '{ print $1 + $2 }' <<<"$here") \
$(awk -v t=$((to - from)) -v hz="$(getconf CLK_TCK)" 'BEGIN { print t / hz }')"
}
for mode in O A E; do
  out=$(run $mode 1000)
  read -r _ _ base _ <<<"$out"
  best=0
  for rate in 20000 60000 100000 150000 200000 250000 300000; do
    out=$(run $mode $rate)
    read -r sent lost median here there <<<"$out"
    awk -v m=$mode -v r=$rate -v s="$sent" -v l="$lost" -v d="$median" -v b="$base" -v h="$here" -v t="$there" 'BEGIN {
      printf "%s %6d packets/s: %d sent, %d lost; median %.1f us above that of 1,000 packets/s; %.2f us of processor a packet here, %.2f there\n",
        m, r, s, l, 1000 * (d - b), 1e6 * h / s, 1e6 * t / s }'
    [ "$lost" = 0 ] && [ "$sent" = "$(count_of $rate)" ] || break
    best=$rate
  done
  echo "$mode: $best packets/s without loss, a core for each end"
done
out=$(run O 60000 1)
read -r sent lost median here there <<<"$out"
echo "O  60000 packets/s, both ends on one core: $sent sent, $lost lost"

start_irtt
for interval in 100us 50us 20us 10us; do
  irtt client -Q -d "${seconds}s" -i $interval -l 60 -o irtt.json 192.0.2.2 >/dev/null 2>&1 || true
  zcat -f irtt.json* >irtt.out
  rm -f irtt.json*
  echo "irtt, a packet each $interval: $(($(value irtt.out packets_sent) / seconds)) a second were sent, $(value irtt.out upstream_loss_percent) % lost on the way there"
done
echo "load of the machine: $(cut -d' ' -f1-3 /proc/loadavg)"
