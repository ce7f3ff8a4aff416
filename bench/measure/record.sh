#!/bin/bash
# Records a mesh's minutes: RedCLARA's 14 points in the lab, calm, then with TCP flows that fill two links,
# then with half a per cent of loss on each link.
#
#     sudo bench/measure/record.sh OUT.csv.gz [CALM QUEUES LOSES [PATH/TO/quipu]]      minutes of each: 6 5 4
set -euo pipefail
out=$(realpath "$1")
calm=${2:-6} queues=${3:-5} loses=${4:-4}
here=$(realpath "$(dirname "$0")/../..")
quipu=$(realpath "${5:-$here/build/release/bin/quipu}")
[ "$(id -u)" = 0 ] || { echo "network namespaces need root"; exit 77; }
command -v iperf3 >/dev/null || { echo "iperf3 is not installed (tools/setup)"; exit 77; }
source "$here/tests/hub.bash"
folder=$(mktemp -d)
cd "$folder"
hub= flows=()
end() {
  [ ${#flows[@]} = 0 ] || kill "${flows[@]}" 2>/dev/null || true
  [ -z "$hub" ] || { kill -INT $hub && wait $hub; } 2>/dev/null || true
  rm -rf "$folder"
}
trap end EXIT
printf '[agents]\nlisten = ["127.0.0.1:0"]\n[throughput]\nenabled = false\n' >quipu.toml
start_lab "$here/networks/redclara-2011.toml"
lab() { "$quipu" lab "$@" >/dev/null; }
address() { "$quipu" --output json lab status | python3 -c "import json, sys; print(next(n['loopback_ipv4'] for n in json.load(sys.stdin)['nodes'] if n['site'] == '$1'))"; }
flow() { # FROM TO: fills the link between them for as long as the phase lasts
  lab link "$1-$2" rate=20Mb/s
  "$quipu" lab exec "$2" -- iperf3 -s -1 -p 5999 >/dev/null 2>&1 &
  flows+=($!)
  sleep 1
  "$quipu" lab exec "$1" -- iperf3 -c "$(address "$2")" -p 5999 -t $((60 * queues + 30)) >/dev/null 2>&1 &
  flows+=($!)
}
next_minute() { sleep $((60 - $(date +%s) % 60)); }
sleep 20
next_minute
export_phase() { # PHASE SINCE UNTIL
  "$quipu" measure export --since "$2" --until "$3" >"$1.csv"
  awk -F, -v phase="$1" '{ sub(/\r$/, "") } NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
    { print phase "," $at["time"] "," $at["from"] "," $at["to"] "," $at["sent"] "," $at["received"] "," $at["delay_median_us"] "," $at["clock_error_us"] "," $at["ttl"] }' \
    "$1.csv" >>all.csv
}
stamp() { date -u +%FT%H:%M:00Z; }
echo "phase,time,from,to,sent,received,delay_median_us,clock_error_us,ttl" >all.csv
begin=$(stamp)
sleep $((60 * calm))
calm_end=$(stamp)
flow santiago panama
flow sao-paulo miami
next_minute
queues_begin=$(stamp)
sleep $((60 * queues))
queues_end=$(stamp)
kill "${flows[@]}" 2>/dev/null || true
flows=()
for link in $("$quipu" --output json lab status | python3 -c "import json, sys; print(*(l['id'] for l in json.load(sys.stdin)['links']))"); do
  lab link "$link" rate=1Gb/s loss=0.5%
done
next_minute
loses_begin=$(stamp)
sleep $((60 * loses))
loses_end=$(stamp)
sleep 10 # the last minute's records
export_phase calm "$begin" "$calm_end"
export_phase queues "$queues_begin" "$queues_end"
export_phase loses "$loses_begin" "$loses_end"
gzip -9 <all.csv >"$out"
echo "$(($(wc -l <all.csv) - 1)) minutes of a pair, $(stat -c %s "$out") octets"
