#!/bin/bash
# What a measurement server is asked that it must not do, in a network of its own: a thousand million packets, sessions and answers aimed
# at others, reflectors set upon each other, floods. Each is refused, and the log says what it was: tests/measure/abuse.sh PROGRAM
set -uo pipefail

tools="python3" kept='*'
abuse=$(realpath "$(dirname "$0")/abuse.py")
source "$(dirname "$0")/../apart.bash"
failed=0
bad() {
  echo "not as it should be: $*"
  failed=1
}
ip address add 192.0.2.1/32 dev lo
"$program" measure serve --owamp-port 861 --twamp-port 862 --stamp-port 862 --clock-error 1us >served 2>log &
pids+=($!)
# Two more, at ports that nobody knows as a reflector's; the second one limits its clients.
"$program" measure serve --stamp-port 8620 >served2 2>log2 &
pids+=($!)
"$program" measure serve --stamp-port 8621 --stamp-rate 100 >served3 2>log3 &
pids+=($!)
for _ in $(seq 100); do grep -q ^twamp served && grep -q ^stamp served2 && grep -q ^stamp served3 && break; sleep 0.1; done
grep -q ^twamp served || { cat log; echo "the server does not listen"; exit 1; }

try() { # NAME WHAT IS-PRINTED
  local name=$1 expected=$3 got
  got=$(python3 "$abuse" 192.0.2.1 $2 2>&1 | paste -sd' ')
  [ "$got" = "$expected" ] || bad "$name: \"$got\", not \"$expected\""
}
logged() { # FILE TEXT: within a moment; told once a second
  local n
  for n in $(seq 50); do grep -qF -- "$2" "$1" && break; sleep 0.1; done
  if grep -qF -- "$2" "$1"; then echo "  $(grep -F -m1 -- "$2" "$1" | cut -c1-200)"; else bad "$1 does not say \"$2\""; fi
}

echo "OWAMP: refused is what is too much (4), aimed at others (1), impossible (3); an honest request is not"
try one-way one-way "packets 4 padding 4 rate 4 third-party 1 both-ends 3 timeout 4 honest 0"
logged log '1000000000 packets, above 100000'
logged log 'padding of 65000 octets, above 9000'
logged log 'packets a second from it, above 1000'
logged log 'a session with 198.51.100.7, who is not the client'
echo "TWAMP: the same; and no session with a reflector's port, whose answers would be questions"
try two-way two-way "third-party 1 reflector 3 padding 4 honest 0"
logged log "the client's port is a reflector's"
echo "2,000 sessions asked for by one client: as many as it may have, and few lines in the log"
try many-sessions many-sessions "accepted 20 refused 1980"
logged log 'already 20 sessions'
[ "$(grep -c 'already 20 sessions' log)" -lt 60 ] || bad "$(grep -c 'already 20 sessions' log) lines for one client"
echo "and they hide nobody else's: what is refused afterwards is told"
try third-party "third-party 198.51.100.9" "third-party 1"
logged log 'a session with 198.51.100.9, who is not the client'
echo "40 connections of one address"
try connections connections "accepted 20 refused 20"
logged log 'too many connections'
echo "STAMP: no answer that is longer than its question, none to a reflector or to no one host"
try short short "answered 0"
logged log 'reason=too-short'
try forged forged "answers 0"
logged log 'reason=reflection'
echo "one forged question from a reflector to another: it, its answer, and nothing more"
try loop "loop 8620 8621" "datagrams 2"
logged log3 'reason=reflection'
echo "a flood above the rate allowed"
answered=$(python3 "$abuse" 192.0.2.1 flood 8621 | cut -d' ' -f2)
[ "${answered:-9999}" -ge 100 ] && [ "$answered" -le 400 ] || bad "of 3,000 questions $answered were answered"
logged log3 'reason=rate'
# After all of it everybody else is served.
"$program" --output json owping 192.0.2.1 -c 10 -i 0.01f -L 0.5 -z 0.2 >honest.json 2>honest.log || bad "an honest client is not served: $(cat honest.log)"
"$program" --output json stamp 192.0.2.1 -c 10 -i 0.01 -L 0.5 >honest2.json || bad "an honest STAMP client is not served"
grep -q '"received": 10' honest2.json || bad "an honest STAMP client loses packets"
[ "$failed" = 1 ] || echo "abuse is refused and told; the honest are served"
exit $failed
