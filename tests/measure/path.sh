#!/bin/bash
# quipu path against Debian's traceroute over three routers, all protocols, both families; path MTU; one way of two equal ones:
# tests/measure/path.sh PROGRAM; exits 77 (skipped) without root or traceroute. All of it is in namespaces that end with this script.
#
#     here 10.0.0.1 ── .2 first 10.0.1.1 ══ .2 second 10.0.2.1 ── .2 third 10.0.3.1 ── .2 target      (2001:db8:0:N::)
#                              10.0.9.1 ══ .2                                     the second of two equal ways
set -uo pipefail

program=$(realpath "$1")
tools="traceroute python3 setpriv"
source "$(dirname "$0")/../alone.bash"
failed=0
bad() {
  echo "not as it should be: $*"
  failed=1
}

for name in first second third target; do
  ip netns add "$name"
  ip -n "$name" link set lo up
  ip netns exec "$name" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 \
    net.ipv4.fib_multipath_hash_policy=1 net.ipv6.fib_multipath_hash_policy=1
done
# NETWORK A B: a wire; "" is here.
wire() {
  local a=${2:+-n $2} b=${3:+-n $3}
  ip link add "w$1a" ${2:+netns $2} type veth peer name "w$1b" ${3:+netns $3}
  ip $a address add "10.0.$1.1/24" dev "w$1a"
  ip $b address add "10.0.$1.2/24" dev "w$1b"
  ip $a -6 address add "2001:db8:0:$1::1/64" dev "w$1a" nodad
  ip $b -6 address add "2001:db8:0:$1::2/64" dev "w$1b" nodad
  ip $a link set "w$1a" up
  ip $b link set "w$1b" up
}
wire 0 "" first
wire 1 first second
wire 9 first second
wire 2 second third
wire 3 third target
ip route add default via 10.0.0.2
ip -6 route add default via 2001:db8:0:0::2
# Which of the two wires it came by is what the second router shall tell.
ip netns exec second sysctl -qw net.ipv4.icmp_errors_use_inbound_ifaddr=1
ip -n first route add default nexthop via 10.0.1.2 nexthop via 10.0.9.2
ip -n first -6 route add default nexthop via 2001:db8:0:1::2 nexthop via 2001:db8:0:9::2
ip -n second route add 10.0.0.0/24 via 10.0.1.1
ip -n second route add default via 10.0.2.2
ip -n second -6 route add 2001:db8:0:0::/64 via 2001:db8:0:1::1
ip -n second -6 route add default via 2001:db8:0:2::2
ip -n third route add default via 10.0.2.1
ip -n third route add 10.0.4.0/24 via 10.0.3.2
ip -n third -6 route add default via 2001:db8:0:2::1
ip -n target route add default via 10.0.3.1
ip -n target -6 route add default via 2001:db8:0:3::1

# ADDRESS [option of quipu path…]: hops, "*" where silent, and whether it was reached.
ours() {
  "$program" path "$@" -n -w 1 --output json >ours.json 2>ours.log || { cat ours.log >&2; return 1; }
  python3 -c 'import json
r = json.load(open("ours.json"))
assert all(h["sent"] == h["received"] == 3 and h["rtt_min_us"] <= h["rtt_median_us"] for h in r["hops"]), r
assert r["reached"] and len(r["id"]) == 16, r
print(*[h["addresses"][0] if h["addresses"] else "*" for h in r["hops"]])'
}
# ADDRESS [option of traceroute…]
theirs() {
  traceroute "$@" -n -w 1 -q 1 2>theirs.log | awk 'NR > 1 { print $2 }' | paste -sd' '
}
# NAME TARGET "options of ours" "options of theirs": the same hops, but for which of the two equal ways it was.
same() {
  local found expected
  found=$(ours "$2" $3) || { bad "$1: no answer"; return; }
  expected=$(theirs "$2" $4)
  [ "$(normal "$found")" = "$(normal "$expected")" ] || bad "$1: $found; traceroute: $expected"
  [ "$(wc -w <<<"$found")" = 4 ] || bad "$1: not four hops: $found"
}
normal() { sed 's/10\.0\.9\.2/10.0.1.2/; s/2001:db8:0:9::2/2001:db8:0:1::2/' <<<"$1"; }
# The first packets find neighbours unknown.
for target in 10.0.3.2 2001:db8:0:3::2; do
  for _ in $(seq 20); do "$program" path $target -n -w 0.3 -q 1 2>/dev/null | grep -q " $target " && break; done
done
for target in 10.0.3.2 2001:db8:0:3::2; do
  same "udp $target" $target "" ""
  same "icmp $target" $target --icmp -I
  same "tcp $target, closed" $target "--tcp 443" "-T -p 443"
done
ip netns exec target python3 -c 'import socket, time
for family, host in ((socket.AF_INET, "10.0.3.2"), (socket.AF_INET6, "2001:db8:0:3::2")):
    s = socket.socket(family); s.bind((host, 80)); s.listen(); globals()[host] = s
print("listening", flush=True); time.sleep(600)' >listening &
for _ in $(seq 100); do grep -q listening listening && break; sleep 0.1; done
for target in 10.0.3.2 2001:db8:0:3::2; do same "tcp $target, open" $target "--tcp 80" "-T -p 80"; done

# Paris: whatever the flow, all its probes go one way, and two traces of one flow find one path; over many flows both ways are found.
for family in 4 6; do
  target=$([ $family = 4 ] && echo 10.0.3.2 || echo 2001:db8:0:3::2)
  ways=
  for port in $(seq 40001 40012); do
    ours "$target" --sport "$port" >/dev/null || bad "flow $port"
    found=$(python3 -c 'import json
r = json.load(open("ours.json"))
assert all(len(h["addresses"]) == 1 for h in r["hops"]), r
print(r["id"], r["hops"][1]["addresses"][0])') || bad "flow $port goes more ways than one"
    ways+="$found"$'\n'
  done
  [ "$(sort -u <<<"$ways" | grep -c .)" = 2 ] || bad "IPv$family: twelve flows over two equal ways: $(sort <<<"$ways" | uniq -c)"
  ours "$target" --sport 40001 >/dev/null
  [ "$(python3 -c 'import json; print(json.load(open("ours.json"))["id"])')" = "$(head -1 <<<"$ways" | cut -d' ' -f1)" ] || bad "IPv$family: the same flow has another path"
done

# The second wire from the end takes 1400 octets, which the router before it tells.
ip -n second link set w2a mtu 1400
ip -n third link set w2b mtu 1400
for target in 10.0.3.2 2001:db8:0:3::2; do
  for protocol in --udp --icmp; do
    "$program" path "$target" $protocol -n -w 1 --mtu --output json >mtu.json || bad "mtu $target"
    python3 -c 'import json
r = json.load(open("mtu.json"))
assert r["mtu"] == 1400 and [h.get("mtu") for h in r["hops"]] == [None, 1400, None, None], r' || bad "mtu $target $protocol"
  done
done

# What a person sees; a router that is silent; one that lets nothing pass.
"$program" path 10.0.3.2 -n >shown || bad "table"
grep -Eq '^ 1  10\.0\.0\.2  [0-9.]+ ms  [0-9.]+ ms  [0-9.]+ ms$' shown && grep -Eq '^path [0-9a-f]{16}$' shown || { cat shown; bad "the table"; }
ip netns exec second sysctl -qw net.ipv4.icmp_ratemask=$((1 << 11)) net.ipv4.icmp_ratelimit=100000000
"$program" path 10.0.3.2 --icmp -n -w 0.5 >/dev/null
"$program" path 10.0.3.2 --icmp -n -w 0.5 >/dev/null
"$program" path 10.0.3.2 --icmp -n -w 0.5 >shown
grep -q '^ 2  \*  \*  \*$' shown && grep -q '^ 4  10.0.3.2 ' shown || { cat shown; bad "a silent router"; }
ip -n third route add prohibit 10.0.77.0/24
"$program" path 10.0.77.1 -n -w 0.5 >shown
grep -q '!X' shown && grep -q 'target not reached' shown || { cat shown; bad "a router that refuses"; }
"$program" path 10.0.3.2 --source 203.0.113.5 >shown 2>&1 && bad "somebody else's source was taken"
grep -q 'no interface of this machine has that address' shown || { cat shown; bad "a strange source"; }
setpriv --bounding-set -net_raw --inh-caps -net_raw "$program" path 10.0.3.2 >shown 2>&1 && bad "without privilege it went on"
grep -q 'CAP_NET_RAW' shown || { cat shown; bad "without privilege"; }
[ "$failed" = 1 ] || echo "the hops that traceroute finds, by UDP, ICMP and TCP, over IPv4 and IPv6; one flow, one way; MTU 1400 found where it falls"
exit $failed
