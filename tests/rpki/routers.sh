#!/bin/bash
# Routers of real makers as clients of `quipu rpki serve`: rtrclient (RTRlib), FRR, BIRD and GoBGP each hold the set that is
# served, at first, after a delta, and after the server was started again, with the same session and without loading all anew.
# tests/rpki/routers.sh PATH/TO/quipu; exits 77 (skipped) if no router is installed.
set -euo pipefail
quipu=$(realpath "$1")
work=$(mktemp -d)
started=()
finish() {
  local process
  for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
chmod 755 "$work"
cd "$work"

# What each prints of its table, as lines "PREFIX MAXLENGTH AS", sorted.
same_form() {
  python3 -c '
import ipaddress, re, sys
patterns = [
    r"^(?P<p>[0-9a-f.:]+/\d+)-(?P<m>\d+) AS(?P<a>\d+)",               # BIRD
    r"^(?P<p>[0-9a-f.:]+/\d+)\s+(?P<m>\d+)\s+(?P<a>\d+)\s",           # GoBGP
    r"^(?P<i>[0-9a-f.:]+)\s+(?P<l>\d+) -\s+(?P<m>\d+)\s+(?P<a>\d+)",  # FRR
    r"^(?P<i>[0-9a-f.:]+), (?P<l>\d+), (?P<m>\d+), (?P<a>-?\d+)",     # rtrclient, whose AS numbers have a sign
    r"^AS(?P<a>\d+),(?P<p>[0-9a-f.:]+/\d+),(?P<m>\d+),",              # quipu
]
found = set()
for line in sys.stdin:
    for pattern in patterns:
        if match := re.match(pattern, line):
            part = match.groupdict()
            prefix = part.get("p") or part["i"] + "/" + part["l"]
            found.add("%s %s %d" % (ipaddress.ip_network(prefix), part["m"], int(part["a"]) % 2**32))
            break
print("\n".join(sorted(found)))
'
}
vrps_of_rtrclient() { timeout 20 rtrclient -e -t csv -o rtrclient.csv tcp 127.0.0.1 "$port" >/dev/null 2>&1 && cat rtrclient.csv; }
# One that stays and says what comes and goes.
vrps_of_watcher() {
  awk '$1 == "+" { there[$2 " " $3 " " $5 " " $6] = 1 } $1 == "-" { delete there[$2 " " $3 " " $5 " " $6] }
       END { for (key in there) { split(key, part, " "); print part[1] ", " part[2] ", " part[3] ", " part[4] } }' watcher.out
}
vrps_of_frr() { vtysh --vty_socket "$work/frr" -c 'show rpki prefix-table'; }
vrps_of_bird() { birdc -s bird.sock show route table r4; birdc -s bird.sock show route table r6; }
vrps_of_gobgp() { gobgp -p "$api" rpki table -a ipv4; gobgp -p "$api" rpki table -a ipv6; }

start_watcher() { stdbuf -oL rtrclient tcp -p 127.0.0.1 "$port" >watcher.out 2>watcher.log & started+=($!); }
start_frr() {
  mkdir -m 777 frr
  cat >frr/bgpd.conf <<CONF
rpki
 rpki polling_period 1
 rpki retry_interval 1
 rpki expire_interval 600
 rpki cache 127.0.0.1 $port preference 1
exit
router bgp 64512
CONF
  /usr/lib/frr/bgpd -M bgpd_rpki -f frr/bgpd.conf -i "$work/frr/pid" --vty_socket "$work/frr" -p 0 -P 0 -n -Z -S >frr.log 2>&1 &
  started+=($!)
}
start_bird() {
  cat >bird.conf <<CONF
log stderr all;
router id 192.0.2.1;
roa4 table r4;
roa6 table r6;
protocol device {}
protocol rpki quipu {
  roa4 { table r4; };
  roa6 { table r6; };
  remote 127.0.0.1 port $port;
  refresh keep 1;
  retry keep 1;
  expire keep 600;
}
CONF
  bird -f -c bird.conf -s bird.sock >bird.log 2>&1 &
  started+=($!)
}
start_gobgp() {
  api=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  cat >gobgp.conf <<CONF
[global.config]
  as = 64512
  router-id = "192.0.2.1"
  port = -1
[[rpki-servers]]
  [rpki-servers.config]
    address = "127.0.0.1"
    port = $port
CONF
  gobgpd -f gobgp.conf --api-hosts "127.0.0.1:$api" --pprof-disable >gobgp.log 2>&1 &
  started+=($!)
}

# A router that is told "no data" at first asks again when it likes: rtrclient after ten minutes.
start_server() { # ADDRESS
  local before
  before=$(grep -c RPKI_VALIDATED server.log 2>/dev/null || true)
  "$quipu" rpki serve --offline tree/cache --tals tree/tals --rtr "$1" --rtr-socket "$work/rtr.sock" --database "sqlite:$work/rpki.db" \
    --every 1h --refresh 1s --retry 1s --expire 10m >served 2>>server.log &
  server=$!
  started+=("$server")
  for _ in $(seq 600); do
    grep -q '^rtr ' served && [ "$(grep -c RPKI_VALIDATED server.log)" -gt "${before:-0}" ] && break
    sleep 0.1
  done
  port=$(sed -n 's/^rtr 127.0.0.1://p' served)
}
expect_vrps() {
  "$quipu" rpki validate --offline tree/cache --tals tree/tals --output csv | same_form >expected
  [ "$(wc -l <expected)" -gt 100 ]
}
# Waits until a router holds what is expected; how long it may take decides nothing but when to give up.
same_set() { # ROUTER WHEN
  for _ in $(seq 480); do
    { "vrps_of_$1" 2>/dev/null || true; } | same_form >"$1.vrps"
    if cmp -s expected "$1.vrps"; then
      echo "$1 holds the $(wc -l <expected) VRPs that are served $2"
      return
    fi
    sleep 0.25
  done
  echo "$1 does not hold what is served $2:"
  diff expected "$1.vrps" | head -20
  tail -20 server.log "$1.log" 2>/dev/null
  exit 1
}

routers=()
installed() { # NAME PROGRAM…
  local name=$1 program
  shift
  for program in "$@"; do
    if ! command -v "$program" >/dev/null; then
      echo "$name is not installed: not asked"
      return
    fi
  done
  routers+=("$name")
}
installed rtrclient rtrclient
installed watcher rtrclient
installed frr vtysh bgpd
installed bird bird birdc
installed gobgp gobgpd gobgp
[ ${#routers[@]} != 0 ] || exit 77

"$quipu" rpki lab --folder tree --objects 300 >/dev/null
mapfile -t points < <(find tree/cache -mindepth 3 -maxdepth 3 -name 'ca*' | sort | tail -3)
mkdir aside
mv "${points[0]}" aside/
start_server 127.0.0.1:0
for router in "${routers[@]}"; do [ "$router" = rtrclient ] || "start_$router"; done
expect_vrps
for router in "${routers[@]}"; do same_set "$router" "at first"; done

# Some come, some go.
mv aside/* "$(dirname "${points[0]}")/"
mv "${points[1]}" aside/
expect_vrps
kill -HUP "$server"
for router in "${routers[@]}"; do same_set "$router" "after a delta"; done

# The world goes on while the server is down.
kill "$server"
wait "$server" || true
mv aside/* "$(dirname "${points[1]}")/"
mv "${points[2]}" aside/
expect_vrps
start_server "127.0.0.1:$port"
for router in "${routers[@]}"; do same_set "$router" "after the server's restart"; done
[ "$(grep -o 'RPKI_RTR_SERIAL .*' server.log | grep -o 'session=[0-9]*' | sort -u | wc -l)" = 1 ] || { echo "the session did not outlive the restart"; exit 1; }
grep -q 'RPKI_RTR_SERIAL .*serial=3 ' server.log || { echo "the serials did not go on"; exit 1; }
if [[ " ${routers[*]} " == *" watcher "* ]]; then
  [ "$(grep -c 'Sending reset query' watcher.log)" = 1 ] || { echo "rtrclient had to load everything anew"; exit 1; }
fi

# What OpenSSH would run as its subsystem.
printf '\001\002\000\000\000\000\000\010' | "$quipu" rpki rtr-stdio "$work/rtr.sock" >stdio.answer
answer=$(od -An -tx1 -N2 stdio.answer | tr -d ' \n')
[ "$answer" = 0103 ] || { echo "rtr-stdio answered $answer"; exit 1; }
! grep -E 'RPKI_RTR_(FAULT|TOLD)' server.log || { echo "a router and the server do not agree on the protocol"; exit 1; }
