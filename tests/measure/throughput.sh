#!/bin/bash
# Throughput between two agents: a hub, an agent beside it and one at the other end of a veth pair, Debian's iperf3 under both. A test
# that is asked for runs and its result is read by the command; another at the same time is refused and told why; UDP; a port that is
# taken, an agent that is killed in the middle, a restart of the hub; and the proof over the history holds.
# tests/measure/throughput.sh PATH/TO/quipu; exits 77 (skipped) without root or iperf3. All of it is in namespaces of its own.
set -euo pipefail
quipu=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
tools=iperf3
source "$here/../alone.bash"
source "$here/../hub.bash"
source "$here/far.bash"

cat >quipu.toml <<CONF
[agents]
listen = ["192.0.2.1:8443"]
[throughput]
enabled = false
CONF
start_hub --port 8080 --only throughput
add_sites santiago panama <<NET
[[links]]
id = "santiago-panama"
a = "santiago"
b = "panama"
capacity = "1 Gb/s"
activated = 2011-07-06
NET
start_santiago() {
  "$quipu" agent --data santiago --ticket santiago.ticket --address 192.0.2.1 >>santiago.log 2>&1 &
  santiago=$!
}
start_panama() {
  ip netns exec far "$quipu" agent --data panama --ticket panama.ticket --address 192.0.2.2 >>panama.log 2>&1 &
  panama=$!
}
start_santiago
start_panama
can_test() { "$quipu" --output json measure calendar --points | tr -d ' \n'; }
await '"site":"panama","state":"able"' can_test
await '"site":"santiago","state":"able"' can_test

# Two at the same time: the second is refused and told why; taken back, the first leaves its place.
at=$(date -u -d '+1 hour' +%FT%TZ)
"$quipu" measure test santiago panama --at "$at" >/dev/null || fails "a test takes a place in an hour" hub.log
if "$quipu" measure test panama santiago --duration 1s --at "$at" >refused.out 2>&1; then fails "an overlapping test is refused" refused.out; fi
for text in "finds no place" "is in use by test 1 (santiago to panama)" "the next free start is"; do
  grep -qF "$text" refused.out || fails "the refusal says \"$text\"" refused.out
done
"$quipu" measure calendar --refused --until "$(date -u -d '+2 hours' +%FT%TZ)" --since "$(date -u +%FT%TZ)" >refusals.out
grep -q end-busy refusals.out || fails "the refusal stands in the calendar" refusals.out
"$quipu" measure test --cancel 1 >/dev/null
"$quipu" measure test panama santiago --at "$at" --check >free.out
grep -qi 'free *yes' free.out || fails "its place is free again" free.out

# One that is asked for runs, and its result is there.
"$quipu" --output json measure test santiago panama --duration 2s --rate 200Mb/s --wait >first.json 2>first.err ||
  fails "the test has a result" first.err first.json hub.log santiago.log panama.log
python3 - <<'PYTHON' || fails "the result is what iperf3 measured" first.json
import json
r = json.load(open("first.json"))
assert r["ok"] and r["from"] == "santiago" and r["to"] == "panama", r
assert 150e6 < r["received_bps"] < 250e6, r["received_bps"]
assert r["rtt_min_us"] > 0 and r["retransmits"] >= 0 and len(r["intervals"]) == 2, r
assert r["receiver_says"] in ("", "ok"), r
PYTHON

# More streams than iperf3 makes well: our own, both ends.
"$quipu" --output json measure test santiago panama --duration 2s --streams 200 --rate 200Mb/s --wait >many.json 2>many.err ||
  fails "the test of 200 streams has a result" many.err many.json hub.log santiago.log panama.log
python3 - <<'PYTHON' || fails "the result is that of 200 streams" many.json
import json
r = json.load(open("many.json"))
assert r["ok"] and r["streams"] == 200 and r["program"].startswith("quipu "), r
assert 100e6 < r["received_bps"] < 250e6, r["received_bps"]
assert r["rtt_min_us"] > 0 and r["retransmits"] >= 0 and r["receiver_says"] in ("", "ok"), r
PYTHON
if "$quipu" measure test panama santiago --duration 1s --udp 20Mb/s --streams 65 --check >many.out 2>&1; then fails "udp with 65 streams is refused" many.out; fi
grep -qF "udp has at most 64 streams" many.out || fails "and told why" many.out

# UDP, the other way.
"$quipu" --output json measure test panama santiago --duration 1s --udp 20Mb/s --wait >udp.json 2>udp.err || fails "a test by UDP has a result" udp.err panama.log
python3 - <<'PYTHON' || fails "the result of UDP" udp.json
import json
r = json.load(open("udp.json"))
assert r["ok"] and r["protocol"] == "udp" and r["packets"] > 100 and r["lost"] >= 0 and r["jitter_us"] >= 0, r
PYTHON

# The port is taken: both ends say what they saw, and the calendar goes on.
ip netns exec far iperf3 -s -B 192.0.2.2 -p 5201 >/dev/null 2>&1 &
stranger=$!
await ESTAB sh -c "ip netns exec far ss -ltn | grep -q 192.0.2.2:5201 && echo ESTAB"
"$quipu" measure test santiago panama --duration 1s --wait >taken.out 2>&1 || true
await 'Address already in use' "$quipu" --output json measure throughput santiago panama
kill $stranger
wait $stranger 2>/dev/null || true

# The sender's agent is killed in the middle: its iperf3 goes with it, the receiver says so, and the hub, killed too, has it after its restart.
"$quipu" measure test santiago panama --duration 6s --rate 1Mb/s >killed.out
await 192.0.2.2:5201 sh -c "ss -tn state established"
kill -9 $santiago
wait $santiago 2>/dev/null || true
kill -9 $hub
wait $hub 2>/dev/null || true
for _ in $(seq 100); do pgrep -x iperf3 >left.out || break; sleep 0.1; done
[ ! -s left.out ] || { pgrep -x iperf3 >left.out && fails "iperf3 ends with its agent" left.out; }
start_hub --port 8080 --only throughput
await 'the client has' "$quipu" --output json measure throughput santiago panama
start_santiago
await '"site":"panama","state":"able"' can_test
await '"site":"santiago","state":"able"' can_test
"$quipu" measure test panama santiago --duration 1s --check >after.out
grep -qi 'free *yes' after.out || fails "after all that there is a place for a test" after.out hub.log

# In the table people read quantities; and no two tests have met.
"$quipu" measure throughput >table.out
grep -q 'Mb/s' table.out || fails "the table has units" table.out
"$quipu" measure calendar --verify >proof.out || fails "the proof holds" proof.out
echo "two agents measured throughput: TCP, UDP, a refusal, a taken port, a killed agent, a killed hub; the proof holds"
