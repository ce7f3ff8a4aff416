#!/bin/bash
# Three daemons speak BGP with each other and write what they have and hear as MRT; what we read of their files is what bgpdump reads:
# tests/rpki/mrt.sh PROGRAM [KEEP-FOLDER]
set -uo pipefail

[ -x /usr/lib/frr/bgpd ] || { echo "skipped: frr is not installed (tools/setup test)"; exit 77; }
tools="bird gobgpd gobgp vtysh bgpdump" kept='*.mrt'
source "$(dirname "$0")/../apart.bash"
for i in 1 2 3; do
  ip address add "10.255.0.$i/32" dev lo
  ip -6 address add "fd00::$i/128" dev lo nodad
done

# GoBGP is the world: it announces to BIRD and FRR, and hears FRR's own.
neighbour() { # ADDRESS AS OWN PORT FAMILY
  cat <<TOML
[[neighbors]]
  [neighbors.config]
    neighbor-address = "$1"
    peer-as = $2
  [neighbors.transport.config]
    local-address = "$3"
    remote-port = $4
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = 5
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "$5"
TOML
}
{
  cat <<TOML
[global.config]
  as = 64500
  router-id = "10.255.0.1"
  port = 1790
  local-address-list = ["10.255.0.1", "fd00::1"]
[[mrt-dump]]
  [mrt-dump.config]
    dump-type = "updates"
    file-name = "$folder/gobgp-updates.mrt"
TOML
  neighbour 10.255.0.2 4200000002 10.255.0.1 1791 ipv4-unicast
  neighbour fd00::2 4200000002 fd00::1 1791 ipv6-unicast
  neighbour 10.255.0.3 64503 10.255.0.1 1792 ipv4-unicast
  neighbour fd00::3 64503 fd00::1 1792 ipv6-unicast
} >gobgp.toml
cat >bird.conf <<BIRD
router id 10.255.0.2;
mrtdump "$folder/bird-updates.mrt";
mrtdump protocols { messages, states };
protocol device {}
template bgp world { connect delay time 1; multihop; }
protocol bgp go4 from world { local 10.255.0.2 port 1791 as 4200000002; neighbor 10.255.0.1 port 1790 as 64500; ipv4 { import all; export none; }; }
protocol bgp go6 from world { local fd00::2 port 1791 as 4200000002; neighbor fd00::1 port 1790 as 64500; ipv6 { import all; export none; }; }
protocol mrt with_paths { table "master4"; filename "$folder/bird-paths.mrt"; period 1; always add path yes; }
BIRD
cat >frr.conf <<FRR
dump bgp updates $folder/frr-updates.mrt
dump bgp routes-mrt $folder/frr-table.mrt 1
router bgp 64503
 bgp router-id 10.255.0.3
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 10.255.0.1 remote-as 64500
 neighbor 10.255.0.1 port 1790
 neighbor 10.255.0.1 ebgp-multihop 5
 neighbor 10.255.0.1 update-source 10.255.0.3
 neighbor fd00::1 remote-as 64500
 neighbor fd00::1 port 1790
 neighbor fd00::1 ebgp-multihop 5
 neighbor fd00::1 update-source fd00::3
 address-family ipv4 unicast
  network 172.20.0.0/14
 address-family ipv6 unicast
  neighbor fd00::1 activate
  network 2001:db8:ffff::/48
FRR
mkdir vty
gobgpd -f gobgp.toml --api-hosts 127.0.0.1:50051 >gobgp.log 2>&1 &
pids+=($!)
bird -f -c bird.conf -s "$folder/bird.ctl" >bird.log 2>&1 &
pids+=($!)
/usr/lib/frr/bgpd -n -S -Z -p 1792 -l 10.255.0.3 -l fd00::3 -f frr.conf -i "$folder/frr.pid" --vty_socket "$folder/vty" -z "$folder/zserv" -P 0 >frr.log 2>&1 &
pids+=($!)

birds() { birdc -s "$folder/bird.ctl" "$@"; }
frrs() { vtysh --vty_socket "$folder/vty" -c "$@"; }
# Waits for a condition that, once it holds, goes on holding; at most 60 s.
until_true() { # WHAT COMMAND…
  local what=$1 end=$((SECONDS + 60))
  shift
  while [ $SECONDS -lt $end ]; do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "gave up waiting: $what"
  ls -l ./*.mrt
  gobgp neighbor
  birds "show protocols"
  birds "show route"
  frrs "show bgp ipv4 unicast" -c "show bgp ipv6 unicast"
  tail -n 15 ./*.log
  exit 1
}
established() { [ "$(gobgp neighbor | grep -c Establ)" = 4 ]; }
until_true "GoBGP's sessions" established
add() { gobgp global rib add "$@" >/dev/null || { echo "GoBGP does not take $*"; exit 1; }; }
add 198.51.100.0/24 aspath "65001 65002"
add 203.0.113.0/24 aspath "65001 {65002,65003}"
add 192.0.2.0/25 aspath "65001 4200000099"
add 10.10.0.0/16
add 0.0.0.0/0 aspath "65001 65020"
add 198.51.100.7/32 aspath "65001 65007 65007 65007"
add -a ipv6 2001:db8::/32 aspath "65001 65009"
add -a ipv6 2001:db8:1::/48 aspath "65001 {65010}"
# Everybody's: these and FRR's two, which GoBGP tells BIRD when FRR has told it.
printf '%s\n' 198.51.100.0/24 203.0.113.0/24 192.0.2.0/25 10.10.0.0/16 0.0.0.0/0 198.51.100.7/32 172.20.0.0/14 \
  2001:db8::/32 2001:db8:1::/48 2001:db8:ffff::/48 | sort >all
bird_holds() { birds "show route" | grep -oE '^[0-9a-f.:]+/[0-9]+' | sort | cmp -s - all; }
frr_holds() {
  frrs "show bgp ipv4 unicast json" -c "show bgp ipv6 unicast json" | grep -oE '"[0-9a-f.:]+/[0-9]+": *\[' | grep -oE '[0-9a-f.:]+/[0-9]+' | sort -u | cmp -s - all
}
until_true "BIRD's routes" bird_holds
until_true "FRR's routes" frr_holds
gobgp global rib del 198.51.100.0/24 aspath "65001 65002" >/dev/null
withdrawn() { bgpdump -q -m "$1" 2>/dev/null | grep -q '|W|.*198.51.100.0/24'; }
until_true "BIRD's withdrawal" withdrawn bird-updates.mrt
until_true "FRR's withdrawal" withdrawn frr-updates.mrt
heard() { # asked for again: the first time may have been before the file was opened
  frrs 'clear bgp ipv4 unicast * soft out' -c 'clear bgp ipv6 unicast * soft out' >vtysh.log 2>&1
  [ "$(bgpdump -q -m gobgp-updates.mrt 2>/dev/null | grep '|A|' | cut -d'|' -f6 | sort -u | wc -l)" -ge 2 ]
}
# GoBGP 3.10 does not always keep the file that it was told to: BIRD's and FRR's are enough then.
if [ -e gobgp-updates.mrt ]; then
  until_true "GoBGP's hearing of FRR" heard
else
  echo "gobgp-updates.mrt: GoBGP has written none this time"
fi
holds() { # FILE ROUTES PATTERN
  [ "$(bgpdump -q -m "$1" 2>/dev/null | grep "^TABLE_DUMP2.*$3" | sort -u -t'|' -k6,6 | wc -l)" -ge "$2" ]
}
until_true "FRR's table" holds frr-table.mrt 9 .
until_true "BIRD's table with paths" holds bird-paths.mrt 6 .
for family in 4 6; do
  birds "mrt dump table \"master$family\" to \"$folder/bird-table$family.mrt\"" >/dev/null
done
until_true "BIRD's table" holds bird-table4.mrt 6 .
until_true "BIRD's table of IPv6" holds bird-table6.mrt 3 .
kill "${pids[@]}"
wait "${pids[@]}" 2>/dev/null
pids=()

# Distinct prefix and origin, as both tell them; an AS_SET at the end is no origin.
by_bgpdump() {
  bgpdump -q -m "$1" 2>/dev/null | awk -F'|' '$3 == "A" || $3 == "B" {
    n = split($1 ~ /_AP$/ ? $8 : $7, path, " ")
    if (n == 0 && $5 == 0) next  # what FRR has of its own, without its AS
    origin = n == 0 ? "AS" $5 : path[n] ~ /^\{/ ? "" : "AS" path[n]
    print $6 "," origin }' | sort -u
}
by_quipu() { "$program" --output csv rpki validity --mrt "$1" --vrps vrps.csv | tail -n +2 | cut -d, -f1,2 | sort -u; }
echo "ASN,IP Prefix,Max Length" >vrps.csv
failures=0
gzip -k frr-table.mrt
bzip2 -k bird-table4.mrt
for file in *.mrt *.gz *.bz2; do
  if [ "$(by_bgpdump "$file" | wc -l)" -lt 2 ]; then
    echo "$file: bgpdump reads fewer than two routes"
    failures=$((failures + 1))
  elif ! difference=$(diff <(by_bgpdump "$file") <(by_quipu "$file")); then
    printf '%s: bgpdump (<) and quipu (>) differ:\n%s\n' "$file" "$difference"
    failures=$((failures + 1))
  else
    echo "$file: $(by_quipu "$file" | wc -l) routes, the same"
  fi
done
[ "$failures" = 0 ]
