#!/bin/bash
# Routers of real makers as clients of `quipu rpki serve`: rtrclient (RTRlib), FRR, BIRD and GoBGP each hold the set that is
# served, at first, after a delta, and after the server was started again, with the same session and without loading all anew.
# tests/rpki/routers.sh PATH/TO/quipu; exits 77 (skipped) if no router is installed.
set -euo pipefail
quipu=$(realpath "$1")
source "$(dirname "$0")/rtr.bash"

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

installed rtrclient rtrclient
installed watcher rtrclient
installed frr vtysh /usr/lib/frr/bgpd
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
