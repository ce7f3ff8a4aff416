#!/bin/bash
# What DNS calls the routers that the registry does not know, by Debian's dnsmasq: in a comparison, on a path and at the API; a name that is none,
# a server that is silent, and the switch: tests/measure/router_names.sh PROGRAM; exits 77 (skipped) without root or dnsmasq.
# All of it is in namespaces that end with this script.
#
#     santiago, here 10.0.0.1 ─────────── the research network ─────────── .2 panama 10.9.9.9
#                    10.0.1.1 ── .2 first 10.0.2.1 ── .2 second 10.0.3.1 ── .2
set -uo pipefail
quipu=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
[ -e /etc/resolv.conf ] || { echo "skipped: there is no /etc/resolv.conf in whose place another can stand"; exit 77; }
tools="dnsmasq curl python3"
source "$here/../alone.bash"
source "$here/../hub.bash"

wire() { # NETWORK A B: "" is here
  local a=${2:+-n $2} b=${3:+-n $3}
  ip link add "w$1a" ${2:+netns $2} type veth peer name "w$1b" ${3:+netns $3}
  ip $a address add "10.0.$1.1/24" dev "w$1a"
  ip $b address add "10.0.$1.2/24" dev "w$1b"
  ip $a link set "w$1a" up
  ip $b link set "w$1b" up
}
for name in first second panama; do
  ip netns add "$name"
  ip -n "$name" link set lo up
  ip netns exec "$name" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0
done
wire 0 "" panama
wire 1 "" first
wire 2 first second
wire 3 second panama
ip -n panama address add 10.9.9.9/32 dev lo
ip route add 10.9.9.9 via 10.0.0.2
ip route add default via 10.0.1.2 table 251
ip rule add from 10.0.1.1 lookup 251
ip -n first route add default via 10.0.2.2
ip -n second route add 10.0.1.0/24 via 10.0.2.1
ip -n second route add default via 10.0.3.2
ip -n panama route add 10.0.1.0/24 via 10.0.3.1

# The second router's name would pass for an address; 192.0.2.53 stands where nobody answers.
cat >dnsmasq.conf <<'CONF'
no-resolv
no-hosts
no-daemon
bind-interfaces
listen-address=127.0.0.1
user=root
pid-file=
ptr-record=2.1.0.10.in-addr.arpa,core1.lima.provider.example
ptr-record=2.2.0.10.in-addr.arpa,10.0.0.2
ptr-record=7.2.0.192.in-addr.arpa,never-asked.provider.example
CONF
dnsmasq --conf-file=dnsmasq.conf >dnsmasq.log 2>&1 &
ip address add 192.0.2.1/24 dev w1a
ip neighbour add 192.0.2.53 lladdr 02:00:00:00:00:53 dev w1a
: >resolv.conf
mount --bind resolv.conf /etc/resolv.conf
ask() { echo "nameserver $1" >resolv.conf; }

agent() { # SITE COMMAND…
  local site=$1
  shift
  "$@" --data "agent-$site" --ticket "$site.ticket" >>"agent-$site.log" 2>&1 &
}
ends() { [ -z "${hub:-}" ] || { kill "$hub" && wait "$hub"; } 2>/dev/null; }
settings() { printf '[hub]\ndns_names = %s\n[agents]\nlisten = ["10.0.0.1:8443"]\n' "$1" >quipu.toml; }
ready_points() {
  "$quipu" --output json agents list | python3 -c "
import json, sys
print(sum(a['connected'] and (a['facts'].get('compare') or {}).get('reflector_port') == 8862 for a in json.load(sys.stdin)), 'points are ready')"
  curl -s "$QUIPU_HUB/api/v1/measure/comparison-points" | python3 -c "
import json, sys
print(sum(p['connected'] for p in json.load(sys.stdin)['items']), 'compares')"
}
both_there() {
  await '2 points are ready' ready_points
  await '1 compares' ready_points
}
# What a text says of the provider's routers.
says() { # WHAT-IS-NOT-SO FILE WANTED-OF-FIRST
  grep -qF -- "$3" "$2" || fails "$1" "$2" hub.log
  ! grep -qE 'DNS: 10\.|\(10\.0\.0\.2\)' "$2" || fails "a name that looks like an address is none" "$2"
  grep -q '10\.0\.2\.2' "$2" || fails "the second router is named by its address" "$2"
}

ask 127.0.0.1
settings true
start_hub --port 8080 --only compare,measure
add_sites santiago panama <<<''
agent santiago "$quipu" agent --address 10.0.0.1 --commodity-address 10.0.1.1
agent panama ip netns exec panama "$quipu" agent --address 10.9.9.9
both_there

"$quipu" compare panama --from santiago -c 50 >compared.txt 2>error || fails "ways are compared" error hub.log
says "a comparison names routers by DNS" compared.txt '10.0.1.2 (DNS: core1.lima.provider.example)'
"$quipu" path 10.9.9.9 --icmp --source 10.0.1.1 >path.txt || fails "a path is traced" path.txt
says "a path's hops are named by DNS" path.txt '10.0.1.2 [DNS: core1.lima.provider.example]'
# Nobody's question makes the hub ask; what it knows is said.
curl -s "$QUIPU_HUB/api/v1/measure/addresses?addresses=10.0.1.2,192.0.2.7" >known.json
grep -q '"dns_name":"core1.lima.provider.example"' known.json || fails "what is known is told to everybody" known.json
! grep -q never-asked known.json || fails "who has not signed in makes the hub ask nothing" known.json

# Nothing is known, and the server is silent: the answer comes all the same.
ends
ask 192.0.2.53
start_hub --port 8080 --only compare,measure
both_there
"$quipu" compare panama --from santiago -c 50 >compared.txt 2>error || fails "ways are compared while DNS is silent" error hub.log
says "a comparison goes by addresses while DNS is silent" compared.txt ' – 10.0.1.2 '
! grep -q DNS: compared.txt || fails "a silent server names nothing" compared.txt

# Switched off.
ends
ask 127.0.0.1
settings false
start_hub --port 8080 --only compare,measure
both_there
"$quipu" path 10.9.9.9 --icmp --source 10.0.1.1 >path.txt || fails "a path is traced" path.txt
says "a path goes by addresses" path.txt ' 10.0.1.2 '
! grep -q DNS: path.txt || fails "names are switched off" path.txt
echo "names by DNS: in comparison, path and API; none that is no name, none from a silent server, none when switched off"
