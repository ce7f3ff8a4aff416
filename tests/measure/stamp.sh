#!/bin/bash
# STAMP and TWAMP Light with strangers: scapy builds and dissects packets on either side, tshark reads what passes, and two
# namespaces are joined by a veth pair. tests/measure/stamp.sh PATH/TO/quipu; exits 77 (skipped)
# without root, scapy or tshark. All of it is in namespaces of its own and ends with this script.
set -euo pipefail
quipu=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
scapy=$here/stamp.py
/usr/bin/python3 -c 'import scapy.contrib.stamp' 2>/dev/null || { echo "skipped: scapy with STAMP is not installed (tools/setup test)"; exit 77; }
tools=tshark
source "$here/../alone.bash"

fails() { echo "not so: $1"; shift; tail -n 20 "$@" 2>/dev/null || true; exit 1; }
# Waits for what a process that was just started prints; its lifetime is the limit.
first_line() { # FILE PID PATTERN
  local n
  for n in $(seq 600); do
    grep -m1 -E "$3" "$1" 2>/dev/null && return
    kill -0 "$2" 2>/dev/null || break
    sleep 0.05
  done
  fails "\"$3\" is printed" "$1"
}
comes_true() {
  local n
  for n in $(seq 200); do
    "$@" && return
    sleep 0.1
  done
  return 1
}
field() { sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" "$1"; }
is() { [ "$(field "$1" "$2")" = "$3" ] || fails "$2 is $3" "$1"; }

umask 077
printf 'ana 000102030405060708090a0b0c0d0e0f\n' >keys
"$quipu" measure serve --stamp-port 862 --listen 127.0.0.1 --keys keys >served 2>served.err &
first_line served $! '^stamp 127.0.0.1:862$' >/dev/null

source "$here/../capture.bash"
capture seen.pcap udp || fails "tshark captures" seen.pcap.log

/usr/bin/python3 "$scapy" ask 127.0.0.1 862
echo "scapy asks, quipu reflects: every field as scapy expects it"

/usr/bin/python3 "$scapy" reflect 0 >port 2>scapy.err &
other=$!
port=$(first_line port $other '^[0-9]+$')
"$quipu" --output json stamp "127.0.0.1:$port" -c 12 -i 0.05 -s 100 -L 5 >asked.json
wait $other || fails "scapy understands what quipu asks" scapy.err port
is asked.json sent 12
is asked.json lost 4
is asked.json lost_there 2
is asked.json lost_back 2
is asked.json lost_somewhere 0
is asked.json duplicates 1
is asked.json ttl_there_min 61
is asked.json malformed 0
echo "quipu asks, scapy reflects: loss told by direction, a duplicate, the TTL"

"$quipu" --output json stamp 127.0.0.1 -c 10 -i 0.01 -A A -u ana -k keys --answers-dscp 10 >sealed.json
is sealed.json received 10
is sealed.json integrity_failed 0
is sealed.json wrong 0
printf 'ana 00\n' >other
"$quipu" --output json stamp 127.0.0.1 -c 3 -i 0.01 -L 0.5 -A A -u ana -k other >refused.json
is refused.json received 0
comes_true grep -q 'wrong-hmac' served.err || fails "the refusal is told" served.err
echo "authenticated: right with the key, no answer with another"

"$quipu" --output json stamp 127.0.0.1 -c 5 -i 0.01 --light >light.json
is light.json received 5

end_capture seen.pcap || fails "tshark captures all that passes" seen.pcap.log
# tshark has TWAMP-Test's dissector, whose open form STAMP's has; it is told of the ports by us.
tshark -r seen.pcap -d udp.port==862,twamp.test -Y 'udp.port==862' -T fields -e udp.srcport -e twamp.test.seq_number \
  -e twamp.test.sender_seq_number -e twamp.test.sender_ttl -e _ws.malformed -e _ws.expert.severity >read 2>tshark.err || fails "tshark reads" tshark.err
[ "$(wc -l <read)" = 39 ] || fails "tshark sees 39 packets, not $(wc -l <read)" read tshark.err seen.pcap.log
awk -F'\t' '$5 != "" || $6 != "" { print "tshark complains of: " $0; exit 1 }' read || exit 1
awk -F'\t' '$1 == 862 && $4 == "" { print "no sender TTL read from: " $0; exit 1 }' read || exit 1
echo "tshark: $(wc -l <read) packets as TWAMP-Test without a complaint"

# Two namespaces joined by a veth pair.
source "$here/far.bash"
ip netns exec far "$quipu" measure serve --stamp-port 8620 --listen 192.0.2.2 >far.out 2>far.err &
first_line far.out $! '^stamp' >/dev/null
"$quipu" --output json stamp 192.0.2.2:8620 -c 50 -i 0.005 --clock-error 1ms >clean.json
is clean.json lost 0
is clean.json ttl_back_min 255
is clean.json own_loss 0
is clean.json kernel_stamps true
echo "veth: nothing lost, every stamp the kernel's, TTL 255"

# TWAMP between two hosts, where both ends take one port number.
ip netns exec far "$quipu" measure serve --twamp-port 8621 --listen 192.0.2.2 >twamp.out 2>twamp.err &
first_line twamp.out $! '^twamp' >/dev/null
"$quipu" --output json twping 192.0.2.2:8621 -c 20 -i 0.01 >twamp.json
is twamp.json received 20
is twamp.json lost 0
echo "veth: TWAMP with a control connection, nothing lost"
