#!/bin/bash
# A hub that is away for an hour: two agents go on measuring, each keeps its minutes, and when the hub is back every minute of that hour is there,
# once, with all of its packets.
#
#     sudo bench/measure/hub_away.sh [MINUTES [PATH/TO/quipu]]      60 minutes
set -euo pipefail
minutes=${1:-60}
quipu=$(realpath "${2:-$(dirname "$0")/../../build/release/bin/quipu}")
here=$(realpath "$(dirname "$0")/../../tests")
tools=
source "$here/alone.bash"
source "$here/hub.bash"
source "$here/measure/far.bash"
printf '[agents]\nlisten = ["192.0.2.1:8443"]\n[throughput]\nenabled = false\n' >quipu.toml
start_hub --port 8080
add_sites santiago panama </dev/null
"$quipu" agent --data santiago --ticket santiago.ticket --address 192.0.2.1 --clock-error 1us >>santiago.log 2>&1 &
ip netns exec far "$quipu" agent --data panama --ticket panama.ticket --address 192.0.2.2 --clock-error 1us >>panama.log 2>&1 &
await '"pairs_total":2' sh -c "'$quipu' --output json measure summary | tr -d ' '"
first=$((($(date +%s) / 60 + 2) * 60)) # the first minute that is whole
stamp() { date -u -d "@$1" +%FT%H:%M:00Z; }
sleep $((first - $(date +%s)))
kill -9 $hub
wait $hub 2>/dev/null || true
echo "the hub is away from $(stamp "$first") on, for $minutes minutes"
sleep $((first + 60 * minutes - $(date +%s)))
du -sb santiago panama | sed 's/^/octets of /'
begin=$(date +%s)
start_hub --port 8080
last=$(stamp $((first + 60 * (minutes - 1))))
records() { "$quipu" --output json measure records "$1" "$2" --since "$(stamp "$first")" | tr -d ' \n'; }
await "\"time\":\"$last\"" records santiago panama
await "\"time\":\"$last\"" records panama santiago
echo "all of it arrived within $(($(date +%s) - begin)) s"
for pair in "santiago panama" "panama santiago"; do
  # shellcheck disable=SC2086
  records $pair >records.json
  python3 - "$first" "$minutes" "$pair" <<'PYTHON' || fails "every minute is there, once" records.json
import json, sys
from datetime import datetime
first, minutes = int(sys.argv[1]), int(sys.argv[2])
records = json.load(open("records.json"))
minute = lambda r: (datetime.fromisoformat(r["time"].replace("Z", "+00:00")).timestamp() - first) // 60
records = [r for r in records if minute(r) < minutes]
assert sorted(map(minute, records)) == list(range(minutes)), (records, minutes)
sent, lost = (sum(r[what] for r in records) for what in ("sent", "lost"))
print(f"{sys.argv[3]}: {len(records)} minutes, each once; {sent} packets, {lost} lost")
assert lost == 0 and sent == 90 * minutes, (sent, lost)
PYTHON
done
curl -s "$QUIPU_HUB/metrics" | grep -E '^quipu_measure_(records|repeats|malformed)_total'
