#!/bin/bash
# What goes wrong in a mesh, planted in it: a hub and three agents in namespaces of their own, the third behind two routers.
#
#   a path that flaps        each change is told, and two ways stay two identifiers
#   the hub killed           and away for minutes: they arrive, each once
#   an agent killed          what its spool had accepted arrives, once; its absence is no loss
#   an agent's disk full     it says so, goes on when there is room, and tells how many records it lost
#   the hub's disk full      nothing is acknowledged that is not kept; it goes on when there is room
#   a clock stepped          its point is named, and nobody's delay rose
#
# tests/measure/faults.sh PATH/TO/quipu; some five minutes, for minutes are measured. Exits 77 (skipped) without root.
set -euo pipefail
quipu=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
tools=
source "$here/../alone.bash"
source "$here/../hub.bash"

# ---- two networks, and two routers between them
for network in near far; do
  ip link add $network type bridge
  ip link set $network up
done
joins() { # NAMESPACE NETWORK ADDRESS
  ip netns add "$1" 2>/dev/null || true
  ip link add "$1-$2" type veth peer name "$2" netns "$1"
  ip link set "$1-$2" master "$2" up
  ip -n "$1" address add "$3/24" dev "$2"
  ip -n "$1" link set "$2" up
  ip -n "$1" link set lo up
}
ip address add 192.0.2.1/24 dev near
joins santiago near 192.0.2.11
joins lima near 192.0.2.12
joins panama far 198.51.100.13
for i in 1 2; do
  joins router$i near 192.0.2.25$i
  joins router$i far 198.51.100.25$i
  ip netns exec router$i sysctl -qw net.ipv4.ip_forward=1
done
by() { ip -n "$1" route replace "$2" via "$3"; } # NAMESPACE NETWORK ROUTER
ip route add 198.51.100.0/24 via 192.0.2.251
by santiago 198.51.100.0/24 192.0.2.251
by lima 198.51.100.0/24 192.0.2.251
by panama 192.0.2.0/24 198.51.100.251

# ---- a hub and three agents, hub and Santiago on disks that can be filled
mkdir hub santiago
mount -t tmpfs -o size=64m none hub
mount -t tmpfs -o size=4m none santiago
fill() { dd if=/dev/zero of="$1/filler" bs=64k >/dev/null 2>&1 || dd if=/dev/zero of="$1/filler" bs=512 oflag=append conv=notrunc >/dev/null 2>&1 || true; }
cat >quipu.toml <<CONF
[agents]
listen = ["192.0.2.1:8443"]
[measure]
trace_every_s = 2
[throughput]
enabled = false
CONF
start_hub --port 8080
add_sites santiago lima panama </dev/null
declare -A agent address=([santiago]=192.0.2.11 [lima]=192.0.2.12 [panama]=198.51.100.13)
start_agent() { # SITE OPTION…
  local site=$1
  shift
  ip netns exec "$site" "$quipu" agent --data "$site" --ticket "$site.ticket" --address "${address[$site]}" --clock-error 1us "$@" >>"$site.log" 2>&1 &
  agent[$site]=$!
}
murder() { # a process of ours
  kill -9 "$1"
  wait "$1" 2>/dev/null || true
}
for site in santiago lima panama; do start_agent $site; done
await '"pairs_total":6' sh -c "'$quipu' --output json measure summary | tr -d ' '"

# ---- what is asked
first=$((($(date +%s) / 60 + 1) * 60)) # the first whole minute
until_second() { # of the whole test, from the first minute's begin
  local rest=$((first + $1 - $(date +%s)))
  [ $rest -le 0 ] || sleep $rest
}
minute_of() { date -u -d "@$((first + 60 * $1))" +%FT%H:%M:00Z; }
pairs="santiago/lima santiago/panama lima/santiago lima/panama panama/santiago panama/lima"
records() { "$quipu" --output json measure records "${1%/*}" "${1#*/}" --since "$(minute_of 0)" | tr -d ' \n'; } # PAIR
has_minute() { await "\"time\":\"$(minute_of "$2")\"" records "$1"; }
events() { "$quipu" --output json journal --type "$1" --limit 1000 2>/dev/null | tr -d ' \n'; }
none_of() { for type in "$@"; do events "$type" >events.out; ! grep -q '"subject"' events.out || fails "no $type was told" events.out; done; }

# ---- minute 0: Santiago's way to Panama flaps, every four seconds until minute 2
(
  trap 'exit 0' TERM
  for i in $(seq 100); do
    by santiago 198.51.100.0/24 192.0.2.25$((i % 2 + 1))
    echo "$i" >flaps
    sleep 4
  done
) &
flapping=$!
# The hub goes before the first minute is over.
until_second 30
murder $hub
# Lima's agent goes when it has the first minute's records and nobody else has.
until_second 75
murder "${agent[lima]}"
start_agent lima
# ---- minute 1 ends while Santiago's disk is full
until_second 110
fill santiago
await MEASURE_RECORD_LOST cat santiago.log
until_second 128
rm santiago/filler
kill $flapping
wait $flapping 2>/dev/null || true
by santiago 198.51.100.0/24 192.0.2.251
# ---- minute 2: the hub is back and has no room for what comes at once; and Panama's clock is 40 ms ahead
start_hub --port 8080
fill hub
murder "${agent[panama]}"
start_agent panama --clock-shift 40ms
await AGENT_RECORDS_NOT_KEPT cat hub.log
grep -q 'AGENT_RECORDS_NOT_KEPT.*the disk is full' hub.log || fails "the hub says why it keeps no records" hub.log
until_second 170
rm hub/filler
for pair in $pairs; do has_minute $pair 0; done
for pair in santiago/lima panama/lima santiago/panama lima/panama; do has_minute $pair 1; done
events PathChanged >paths.out
flaps=$(cat flaps)
python3 - "$flaps" <<'PYTHON' || fails "two ways are two identifiers, told no more often than they changed" paths.out
import json, sys
events = [e["body"] for e in json.load(open("paths.out")) if e["body"]["from"] == "santiago" and e["body"]["to"] == "panama"]
ways = {way for e in events for way in (e["before"], e["after"])}
print(f"the way flapped {sys.argv[1]} times: {len(events)} changes told, {len(ways)} identifiers")
assert len(ways) == 2 and 2 <= len(events) <= int(sys.argv[1]) + 1, (ways, len(events))
PYTHON
until_second 255
for pair in $pairs; do has_minute $pair 2; has_minute $pair 3; done
await '"clock_fault":["panama"]' sh -c "'$quipu' --output json measure summary | tr -d ' \n'"
events ClockWentWrong >clock.out
grep -q '"site":"panama"' clock.out || fails "Panama's clock is named" clock.out
! grep -q '"site":"\(lima\|santiago\)"' clock.out || fails "no other clock is named" clock.out
none_of DelayRose DelayFell LossBegan

# ---- each minute once, whatever was away; what was lost is known
for pair in $pairs; do records $pair >"records.${pair/\//-}"; done
python3 - "$first" <<'PYTHON' || fails "each minute is there once" records.*
import glob, json, sys
from datetime import datetime, timezone
for name in sorted(glob.glob("records.*")):
    records = json.load(open(name))
    minutes = [int((datetime.fromisoformat(r["time"].replace("Z", "+00:00")).timestamp() - int(sys.argv[1])) // 60) for r in records]
    lost = sum(r["lost"] for r in records)
    print(f"{name[8:]}: minutes {minutes}, {sum(r['sent'] for r in records)} sent, {lost} lost")
    assert len(minutes) == len(set(minutes)), name
    # Santiago had no room for what it received in minute 1.
    wanted = {0, 2, 3} if name.endswith("-santiago") else {0, 1, 2, 3}
    assert wanted <= set(minutes), (name, minutes)
    assert lost == 0, name
    assert all(r["sent"] <= 90 for r in records), name
PYTHON
# Santiago lost records, and says how many; nobody else did.
for site in santiago lima panama; do "$quipu" --output json measure points $site --since "$(minute_of 0)" --limit 100 >"points.$site"; done
python3 - <<'PYTHON' || fails "who lost records says so" points.* santiago.log
import json
lost = {site: sum(p.get("records_lost", 0) for p in json.load(open("points." + site))) for site in ("santiago", "lima", "panama")}
print("records lost:", lost)
assert lost["santiago"] > 0 and lost["lima"] == lost["panama"] == 0, lost
PYTHON
curl -s "$QUIPU_HUB/metrics" >metrics.out || true
grep -E '^quipu_measure_(records|repeats|malformed)_total' metrics.out || true
echo "a path that flapped, a hub away for two minutes, an agent killed, two full disks, a clock ahead: each minute once, nothing told that was not so"
