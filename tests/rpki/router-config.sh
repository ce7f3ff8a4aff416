#!/bin/bash
# What `quipu rpki router-config` writes, loaded as it is by FRR, BIRD and OpenBGPD: each fetches from `quipu rpki serve`, and
# what it then holds is what was served. A neighbour of another AS announces routes of every kind to each of them, and the
# routes that each keeps are those that `quipu rpki validity` finds valid or not found, at first and after a delta.
# tests/rpki/router-config.sh PATH/TO/quipu; exits 77 (skipped) without root or without any of the routers. Each router has a
# network namespace of its own; all of it ends with this script.
set -euo pipefail
quipu=$(realpath "$1")
tools=bird
source "$(dirname "$0")/../alone.bash"  # BIRD announces the routes
mkdir -m 755 /run/openbgpd
source "$(dirname "$0")/rtr.bash"

cache4=192.0.2.10
feeder4=192.0.2.9 feeder6=2001:db8::9
ip link add lan type bridge
ip address add "$cache4/24" dev lan
ip link set lan up
join() { # NAME NUMBER: a namespace on the lan
  ip netns add "$1"
  ip link add "$1" type veth peer name lan netns "$1"
  ip link set "$1" master lan up
  ip -n "$1" link set lo up
  ip -n "$1" address add "192.0.2.$2/24" dev lan
  ip -n "$1" address add "2001:db8::$2/64" dev lan nodad
  # Without link-local addresses: FRR's bgpd, here without zebra, takes no next hop that has one beside it.
  ip -n "$1" link set lan addrgenmode none up
}
generate() { # NAME SYSTEM NUMBER
  "$quipu" rpki router-config --name "$1" --system "$2" --id "192.0.2.$3" --as 64512 --cache "$cache4:$port" \
    --neighbour "$feeder4=64500" --neighbour "$feeder6=64500" >"$1.conf"
}

start_frr() {
  join frr 1
  generate frr frr 1
  mkdir -m 777 frr
  ip netns exec frr /usr/lib/frr/bgpd -M bgpd_rpki -f "$work/frr.conf" -i "$work/frr/pid" --vty_socket "$work/frr" -P 0 -n -Z -S >frr.log 2>&1 &
  started+=($!)
}
vrps_of_frr() { vtysh --vty_socket "$work/frr" -c 'show rpki prefix-table'; }
routes_of_frr() {
  local family
  for family in ipv4 ipv6; do
    vtysh --vty_socket "$work/frr" -c "show bgp $family unicast json" | python3 -c 'import json, sys; print("\n".join(json.load(sys.stdin)["routes"]))'
  done
}
# FRR takes a kept route away that has become invalid, but brings none back that it had rejected (its issue 16474).
review_in_frr() {
  local family
  for family in ipv4 ipv6; do vtysh --vty_socket "$work/frr" -c "clear bgp $family unicast * soft in"; done
}

start_bird() {
  join bird 2
  generate bird bird 2
  ip netns exec bird bird -f -c bird.conf -s bird.sock >bird.log 2>&1 &
  started+=($!)
}
vrps_of_bird() { birdc -s bird.sock show route table vrps4; birdc -s bird.sock show route table vrps6; }
routes_of_bird() { birdc -s bird.sock show route table master4; birdc -s bird.sock show route table master6; }

start_openbgpd() {
  join openbgpd 3
  generate openbgpd openbgpd 3
  chmod 600 openbgpd.conf
  ip netns exec openbgpd /usr/sbin/bgpd -d -f openbgpd.conf >openbgpd.log 2>&1 &
  started+=($!)
}
routes_of_openbgpd() { bgpctl -j show rib | python3 -c 'import json, sys; print("\n".join(route["prefix"] for route in json.load(sys.stdin)["rib"]))'; }

# The neighbour: its routes end in the AS that routes.txt says.
start_feeder() {
  join feeder 9
  {
    echo "log stderr all; router id $feeder4; protocol device { }"
    for family in 4 6; do
      echo "protocol static routes$family { ipv$family;"
      python3 -c '
import sys
for line in open("routes.txt"):
    prefix, origin = line.strip().split(" => AS")
    if (":" in prefix) == (sys.argv[1] == "6"):
        print(f"route {prefix} blackhole {{ bgp_path.prepend({origin}); }};")
' "$family"
      echo "}"
    done
    for number in 1 2 3; do
      for family in 4:192.0.2. 6:2001:db8::; do
        echo "protocol bgp to${number}_${family%%:*} { local as 64500; neighbor ${family#*:}$number as 64512;" \
          "connect retry time 1; connect delay time 1; error wait time 1, 2; ipv${family%%:*} { import none; export all; }; }"
      done
    done
  } >feeder.conf
  ip netns exec feeder bird -f -c feeder.conf -s feeder.sock >feeder.log 2>&1 &
  started+=($!)
}

# One route for each prefix: of each VRP its own, the longest that it allows and one longer, every second one by a stranger;
# and some that no VRP covers.
write_routes() { # CSV
  python3 - "$1" <<'PYTHON'
import csv, ipaddress, sys
routes = {}
for number, row in enumerate(csv.DictReader(open(sys.argv[1]))):
    origin, prefix, longest = int(row["ASN"][2:]), ipaddress.ip_network(row["IP Prefix"]), int(row["Max Length"])
    lengths = {prefix.prefixlen, longest, longest + 1}
    for length in sorted(lengths):
        if length <= prefix.max_prefixlen and (number % 3 or length == prefix.prefixlen):
            inner = ipaddress.ip_network((prefix.network_address, length))
            routes.setdefault(inner, 64666 if number % 2 else origin)
for prefix in "198.51.100.0/24", "203.0.113.0/24", "3fff::/32":
    routes.setdefault(ipaddress.ip_network(prefix), 64666)
with open("routes.txt", "w") as out:
    for prefix, origin in routes.items():
        print(f"{prefix} => AS{origin}", file=out)
PYTHON
}
prefixes_only() { grep -oE '^[0-9a-f.:]+/[0-9]+' | python3 -c 'import ipaddress, sys; print("\n".join(sorted({str(ipaddress.ip_network(line.strip())) for line in sys.stdin})))'; }
expect_routes() {
  "$quipu" rpki validate --offline tree/cache --tals tree/tals --output csv >vrps.csv
  [ -e routes.txt ] || write_routes vrps.csv
  "$quipu" rpki validity --vrps vrps.csv --file routes.txt --output csv >verdicts.csv
  python3 -c '
import csv, collections
rows = list(csv.DictReader(open("verdicts.csv")))
count = collections.Counter(row["validity"] for row in rows)
assert min(count[state] for state in ("valid", "invalid", "not-found")) >= 2, count
print("\n".join(row["prefix"] for row in rows if row["validity"] != "invalid"))' | prefixes_only >kept
}
keeps_routes() { # ROUTER
  { "routes_of_$1" 2>/dev/null || true; } | prefixes_only >"$1.routes"
  cmp -s kept "$1.routes"
}
same_routes() { # ROUTER WHEN
  if comes_true 200 keeps_routes "$1"; then
    echo "$1 keeps the $(wc -l <kept) of $(wc -l <routes.txt) routes that are not invalid $2"
    return
  fi
  echo "$1 does not keep the routes that are not invalid $2:"
  diff kept "$1.routes" | head -20
  tail -20 "$1.log" feeder.log
  exit 1
}
# OpenBGPD tells how many VRPs it holds, not which; its verdicts on the routes say that.
holds_count() {
  counted=$(bgpctl -j show sets 2>/dev/null | python3 -c 'import json, sys; print(sum(one["num_IPv4"] + one["num_IPv6"] for one in json.load(sys.stdin)["sets"]))' 2>/dev/null || true)
  [ "$counted" = "$(wc -l <expected)" ]
}
same_count() { # WHEN
  local counted
  if comes_true 200 holds_count; then
    echo "openbgpd holds $counted VRPs $1"
    return
  fi
  echo "openbgpd holds ${counted:-no} VRPs, not $(wc -l <expected), $1"
  tail -20 openbgpd.log server.log
  exit 1
}
compare() { # WHEN
  local router
  for router in "${routers[@]}"; do
    if [ "$router" = openbgpd ]; then same_count "$1"; else same_set "$router" "$1"; fi
    if [ "$router" = frr ] && [ "$1" != "at first" ]; then review_in_frr; fi
    same_routes "$router" "$1"
  done
}

installed frr vtysh /usr/lib/frr/bgpd
installed bird bird birdc
installed openbgpd /usr/sbin/bgpd bgpctl
[ ${#routers[@]} != 0 ] || exit 77

"$quipu" rpki lab --folder tree --objects 300 >/dev/null
mapfile -t points < <(find tree/cache -mindepth 3 -maxdepth 3 -name 'ca*' | sort | tail -2)
mkdir aside
expect_routes
mv "${points[0]}" aside/
start_server "$cache4:0"
start_feeder
for router in "${routers[@]}"; do "start_$router"; done
expect_vrps
expect_routes
compare "at first"

mv aside/* "$(dirname "${points[0]}")/"
mv "${points[1]}" aside/
expect_vrps
expect_routes
kill -HUP "$server"
compare "after a delta"
! grep -E 'RPKI_RTR_(FAULT|TOLD)' server.log || { echo "a router and the server do not agree on the protocol"; exit 1; }
