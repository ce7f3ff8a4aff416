#!/bin/bash
# owping and twping against measure serve in every mode, in a network of its own; tshark reads what they said without a complaint:
# tests/measure/owamp.sh PROGRAM [KEEP-FOLDER]
set -uo pipefail

tools="tshark python3" kept='*'
here=$(realpath "$(dirname "$0")")
source "$(dirname "$0")/../apart.bash"
failed=0
bad() {
  echo "not as it should be: $*"
  failed=1
}

ip address add 192.0.2.1/32 dev lo
ip -6 address add 2001:db8::1/128 dev lo nodad
umask 077
printf 'panama 6c6f73206e75646f73\n' >keys
printf 'panama 6f74726f73\n' >wrong

source "$here/../capture.bash"
capture capture.pcapng 'tcp port 861 or tcp port 862 or udp' || { cat capture.pcapng.log; echo "skipped: tshark captures nothing here"; exit 77; }
pids+=("$shark")

# Each protocol in a process of its own: tshark is told by their ports which test packets are whose.
"$program" measure serve --owamp-port 861 --keys keys --clock-error 1us --test-ports 8760-8799 >>served 2>server.log &
pids+=($!)
"$program" measure serve --twamp-port 862 --keys keys --clock-error 1us >>served 2>server2.log &
pids+=($!)
for _ in $(seq 100); do [ "$(grep -c -e ^twamp -e ^owamp served)" = 4 ] && break; sleep 0.1; done
[ "$(grep -c -e ^twamp -e ^owamp served)" = 4 ] || { cat server.log server2.log; echo "the server does not listen"; exit 1; }

# NAME, then owping's arguments: both directions, nothing lost.
measure() {
  local name=$1
  shift
  "$program" owping "$@" -c 20 -i 0.01e -L 1 -z 0.2 -P 8760-8799 --output json >"$name.json" 2>"$name.log" || { cat "$name.log"; bad "$name failed"; return; }
  python3 - "$name.json" <<'PYTHON' || bad "$name"
import json, sys
sessions = json.load(open(sys.argv[1]))
assert len(sessions) == 2, len(sessions)
for s in sessions:
    assert (s["sent"], s["lost"], s["duplicates"]) == (20, 0, 0), s
    assert s["delay_min_ms"] > 0 and s["hops_min"] == s["hops_max"] == 0, s
# The kernel was asked when packets left of ours alone, those to the server.
there, back = sessions
assert 0 < there["sent_late_samples"] <= 20 and "sent_late_samples" in back and not back["sent_late_samples"], sessions
assert 0 < there["sent_late_median_ms"] <= there["sent_late_p95_ms"] <= there["sent_late_p99_ms"], there
PYTHON
}
measure open 192.0.2.1
measure open6 '[2001:db8::1]:861'
measure authenticated 192.0.2.1 -A A -u panama -k keys
measure encrypted 192.0.2.1 -A E -u panama -k keys -D 46 -s 100
# NAME, then twping's arguments.
measure_two_way() {
  local name=$1
  shift
  "$program" twping "$@" -c 20 -i 0.01e -L 1 -P 8900-8999 --output json >"$name.json" 2>"$name.log" || { cat "$name.log"; bad "$name failed"; return; }
  python3 - "$name.json" <<'PYTHON' || bad "$name"
import json, sys
s = json.load(open(sys.argv[1]))
assert (s["sent"], s["received"], s["lost"], s["duplicates"], s["wrong"], s["strange"]) == (20, 20, 0, 0, 0, 0), s
assert s["round_trip_min_us"] > 0 and s["ttl_there_min"] == s["ttl_back_min"] == 255, s
PYTHON
}
measure_two_way two-way 192.0.2.1
measure_two_way two-way6 '[2001:db8::1]'
measure_two_way two-way-authenticated 192.0.2.1 -A A -u panama -k keys
measure_two_way two-way-encrypted 192.0.2.1 -A E -u panama -k keys
measure_two_way two-way-mixed 192.0.2.1 -A M -u panama -k keys
# Above, sessions are started and stopped by name, as the server offers it (RFC 5938): a bit of the mode that is chosen.
measure_two_way two-way-demanded 192.0.2.1 --individual
measure_two_way two-way-plain 192.0.2.1 --no-individual
measure_two_way two-way-plain-encrypted 192.0.2.1 -A E -u panama -k keys --no-individual
# A server may be asked at one address for a test with another; here both are this machine's. The words are the reference's.
"$program" owping 192.0.2.1 192.0.2.1:861 -S 192.0.2.1 -P 9100-9199 -t -v -c 5 -i 0.01F -L 1 -z 0.2 -A e -u panama -k keys -a 50,90 >words.out 2>&1 ||
  bad "owping by the reference's options: $(cat words.out)"
for line in '^Approximately [0-9.]* seconds until results available$' '^--- owping statistics from \[192\.0\.2\.1\]:91[0-9][0-9] to \[192\.0\.2\.1\]:87[0-9][0-9] ---$' \
  '^seq_no=4          delay=[0-9.e-]* ms.(' '^5 sent, 0 lost (0\.000%), 0 duplicates$' '^one-way delay min/median/max = [0-9./e-]* ms, (' '^.90\.0: [0-9.e-]* ms$' '^hops = 0 (consistently)$'; do
  grep -q "$line" words.out || bad "owping says no \"$line\": $(cat words.out)"
done
[ "$("$program" twping 192.0.2.1 -P 9200-9299 -c 5 -i 0.01 -L 1 -R | awk 'NF == 16 && $1 == NR - 1 && $9 == $1 && $13 > $2' | wc -l)" = 5 ] || bad "twping -R"
"$program" owping 192.0.2.1 -A E -u panama -k wrong >/dev/null 2>refused.log && bad "a wrong key was taken"
grep -q 'the server refuses' refused.log || bad "a wrong key is told as: $(cat refused.log)"
"$program" owping 192.0.2.1 -c 50000000 -t >/dev/null 2>refused.log && bad "fifty million packets were taken"
grep -q 'above the server' refused.log || bad "too many packets are told as: $(cat refused.log)"

end_capture capture.pcapng || bad "the capture is not whole: $(cat capture.pcapng.log)"
# Every port is told what it speaks: of encrypted octets tshark would otherwise guess, now and then, that they are another protocol's.
read_capture() {
  tshark -r capture.pcapng -d tcp.port==861,twamp.control -d udp.port==8760-8799,owamp.test -d udp.port==1024-8759,twamp.test \
    -d udp.port==8800-65535,twamp.test "$@" 2>/dev/null
}
count() { read_capture -Y "$1" | wc -l; }
is() { # WHAT FOUND EXPECTED
  [ "$2" = "$3" ] || bad "$1: tshark sees $2, not $3"
}
# Of protected connections it can read no more than their set-up.
protected=$(read_capture -Y 'twamp.control.mode in {2, 4, 8, 18, 20, 24}' -T fields -e tcp.stream | sort -u | paste -sd,)
# TCP itself may repeat itself on a busy machine: that is no complaint about what it carries.
complaints=$(read_capture -Y "(_ws.malformed || _ws.expert.severity >= 6291456) && !(tcp.stream in {$protected}) && !(tcp.flags.reset == 1) && !tcp.analysis.flags && !tcp.options.sack.dsack && !(udp.dstport in {9, 10})" | head -5)
[ -z "$complaints" ] || bad "tshark complains: $complaints"
is greetings "$(count 'twamp.control.modes == 7 && twamp.control.count == 2048')" 7
is 'greetings of TWAMP' "$(count 'tcp.srcport == 862 && twamp.control.modes == 127 && twamp.control.count == 2048')" 9
is 'set-ups with a user' "$(count 'twamp.control.keyid contains 70:61:6e:61:6d:61')" 8
is 'set-ups by name, in each mode' "$(read_capture -Y 'tcp.dstport == 862 && twamp.control.mode' -T fields -e twamp.control.mode | sort -n | uniq -c | tr -s ' \n' ' ')" ' 1 1 1 4 4 17 1 18 1 20 1 24 '
is 'two-way requests that can be read' "$(count 'tcp.dstport == 862 && twamp.control.command == 5 && twamp.control.padding_length == 27')" 5
is 'two-way starts that can be read' "$(count "tcp.dstport == 862 && twamp.control.command == 2 && !(tcp.stream in {$protected})")" 1
is 'two-way stops that can be read' "$(count "tcp.dstport == 862 && twamp.control.command == 3 && twamp.control.numsessions == 1 && !(tcp.stream in {$protected})")" 1
# RFC 5938's commands tshark knows by their octets only: number, how many, one name of 16 octets, an HMAC of zeros. The acknowledgements repeat the name.
named() { # PORT-FIELD NUMBER
  read_capture -Y "$1 == 862 && tcp.len == 48 && tcp.payload[0:16] == $(printf '%02x' "$2"):00:00:00:00:00:00:00:00:00:00:00:00:00:00:01 && !(tcp.stream in {$protected})" \
    -T fields -e tcp.payload | cut -c33-64 | sort
}
for number in 7 9; do
  is "sessions named by command $number" "$(named tcp.dstport $number | sort -u | wc -l)" 4
  is "acknowledged names of command $number" "$(named tcp.srcport $((number + 1)))" "$(named tcp.dstport $number)"
done
is 'the names are the same at both' "$(named tcp.dstport 7)" "$(named tcp.dstport 9)"
is 'requests that can be read' "$(count 'twamp.control.command == 1 && twamp.control.number_of_packets == 20 && twamp.control.number_of_schedule_slots == 1')" 2
is 'packets of each length' "$(read_capture -Y 'udp.port in {8760 .. 8799}' -T fields -e udp.length | sort -n | uniq -c | tr -s ' \n' ' ')" ' 80 22 45 56 40 156 '
is 'packets with DSCP 46' "$(count 'udp.port in {8760 .. 8799} && ip.dsfield.dscp == 46')" 40
[ "$failed" = 1 ] || echo "OWAMP and TWAMP in every mode, over IPv4 and IPv6; tshark read it all"
exit $failed
