#!/bin/bash
# A hub and an agent at the other end of a veth pair that both serve OWAMP, TWAMP and STAMP, and what the hub tells of them:
# tests/measure/servers.sh PATH/TO/quipu; exits 77 (skipped) without root. All of it is in namespaces of its own.
set -euo pipefail
quipu=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
tools=
source "$here/../alone.bash"
source "$here/../hub.bash"
source "$here/far.bash"
umask 077
printf 'panama 6c6f73206e75646f73\n' >keys
printf 'panama 00\n' >wrong
cat >quipu.toml <<TOML
[agents]
listen = ["192.0.2.1:8443"]
[measure_servers]
keys = "/run/test/keys"
allow = ["192.0.2.0/24"]
test_ports = "8760-8799"
clock_error = "1us"
[measure_servers.owamp]
listen = ["192.0.2.1:861"]
[measure_servers.twamp]
listen = ["192.0.2.1:862"]
[measure_servers.stamp]
listen = ["192.0.2.1:862"]
[measure_servers.open]
sessions = 3
TOML
cat >far.toml <<TOML
[measure_servers]
keys_only = true
keys = "/run/test/keys"
[measure_servers.owamp]
listen = ["192.0.2.2:861"]
[measure_servers.stamp]
listen = ["192.0.2.2:862"]
TOML
start_hub --port 8080 --only measure_servers
"$quipu" agents ticket panama >panama.ticket
ip netns exec far "$quipu" agent --data panama --ticket panama.ticket --address 192.0.2.2 --servers far.toml >>panama.log 2>&1 &
point=$!

# Both are asked: from the far end the hub, from here the agent.
ip netns exec far "$quipu" owping 192.0.2.1 -c 10 -i 0.01f -L 0.5 -z 0.2 >owping.out 2>owping.log || fails "the hub serves OWAMP" owping.log hub.log
ip netns exec far "$quipu" --output json twping 192.0.2.1 -c 10 -i 0.01 -L 0.5 >twping.json 2>twping.log || fails "the hub serves TWAMP" twping.log hub.log
grep -q '"received": 10' twping.json || fails "TWAMP loses nothing" twping.json
ip netns exec far "$quipu" --output json stamp 192.0.2.1 -c 10 -i 0.01 -L 0.5 >stamp.json || fails "the hub serves STAMP" hub.log
grep -q '"received": 10' stamp.json || fails "STAMP loses nothing" stamp.json
await '192.0.2.2:861' "$quipu" --output json measure servers
"$quipu" owping 192.0.2.2 -A E -u panama -k keys -c 10 -i 0.01f -L 0.5 -z 0.2 >owping.out 2>owping.log || fails "the agent serves OWAMP" owping.log panama.log
! "$quipu" owping 192.0.2.2 -c 10 2>refused.log >/dev/null || fails "the agent's open mode is not offered" panama.log
! "$quipu" owping 192.0.2.2 -A E -u panama -k wrong -c 10 2>refused.log >/dev/null || fails "a wrong key is refused" panama.log

# What the hub tells of both.
is() { # WHAT PLACE EXPRESSION: of the place's figures s, within the quarter of a minute that an agent may take
  local n
  for n in $(seq 150); do
    "$quipu" --output json measure servers >servers.json
    python3 - "$2" "$3" <<'PYTHON' && return
import json, sys
s = next((p for p in json.load(open("servers.json")) if p["place"] == sys.argv[1]), None)
sys.exit(0 if s and eval(sys.argv[2]) else 1)
PYTHON
    sleep 0.1
  done
  fails "$1" servers.json
}
is "the hub tells where it listens" hub 's["owamp"] == ["192.0.2.1:861"] and s["twamp"] == s["stamp"] == ["192.0.2.1:862"]'
is "the hub counts" hub 's["connections"] == 2 and s["sessions"] == 3 and s["sent"] == s["received"] == 10 and s["reflected"] == 20'
is "the agent counts" panama 's["sessions"] == 2 and s["connections_refused"] == 1 and s["received"] == 10 and s["owamp"] == ["192.0.2.2:861"]'
"$quipu" measure servers >table.out
grep -q panama table.out || fails "the table names the agent" table.out
python3 -c 'import urllib.request, sys; print(urllib.request.urlopen(sys.argv[1] + "/metrics").read().decode())' "$QUIPU_HUB" >metrics.out
grep -q '^quipu_measure_server_sessions_total 3' metrics.out || fails "metrics count" metrics.out

# An agent that is gone is not told of for long; one whose port is taken says so and measures on.
kill $point
wait $point || true
ip netns exec far python3 -c 'import socket, time; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("192.0.2.2", 861)); s.listen(); print("taken", flush=True); time.sleep(600)' >taken.out &
await taken cat taken.out
ip netns exec far "$quipu" agent --data panama --address 192.0.2.2 --servers far.toml >>panama.log 2>&1 &
await 'in use' "$quipu" --output json measure servers
grep -q MEASURE_NOT_SERVED panama.log || fails "the agent's log says so" panama.log
echo "hub and agent serve OWAMP, TWAMP and STAMP; what they do is told, and a taken port too"
