#!/bin/bash
# verdicts.sh PROGRAM [ROUNDS [CAUSE…]]: each verdict of `quipu compare` from a cause planted in the lab, ROUNDS times (1 as a test; the figure
# of docs/performance.md is of 20); of loss its place, too. Four points in a ring and the commodity provider; always Santiago to Panama.
set -u
quipu=$(realpath "$1")
asked=${2:-1}
causes=("${@:3}")
[ ${#causes[@]} -gt 0 ] || causes=(no-difference longer-fibre detour queueing queueing-other asymmetric-route loss loss-far clock-fault)
for tool in ip iperf3 bird; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed (tools/setup)"; exit 77; }
done
ip netns add "verdicts$$" 2>/dev/null || { echo "skipped: no network namespace can be made here"; exit 77; }
ip netns delete "verdicts$$"

folder=$(mktemp -d)
source "$(dirname "$0")/../hub.bash"
cd "$folder" || exit 1
hub= traffic=()
quiet() { "$@" >/dev/null 2>&1; }
end_traffic() {
  [ ${#traffic[@]} = 0 ] || { kill "${traffic[@]}" 2>/dev/null; wait "${traffic[@]}" 2>/dev/null; }
  traffic=()
}
stop() {
  end_traffic
  [ -z "$hub" ] || { kill "$hub" 2>/dev/null; wait "$hub" 2>/dev/null; }
  rm -rf "$folder"
}
trap stop EXIT

cat >ring.toml <<'TOML'
[[organisations]]
id = "ring"
name = "Ring"
type = "regional"
TOML
site() { printf '[[sites]]\nid = "%s"\nname = "%s"\norganisation = "ring"\nlatitude = %s\nlongitude = %s\npop = true\n' "$@" >>ring.toml; }
link() { printf '[[links]]\nid = "%s-%s"\na = "%s"\nb = "%s"\ncapacity = "1 Gb/s"\nmedium = "fibre"\nlength = "%s km"\nactivated = "2011-01-01"\n' \
  "$1" "$2" "$1" "$2" "$3" >>ring.toml; }
site santiago "Santiago" -33.45 -70.66
site lima "Lima" -12.05 -77.04
site guayaquil "Guayaquil" -2.17 -79.92
site panama "Panama City" 8.98 -79.52
link santiago panama 6000
link santiago lima 3200
link lima guayaquil 1300
link guayaquil panama 4000
printf '[agents]\nlisten = ["127.0.0.1:0"]\n[throughput]\nenabled = false\n' >quipu.toml

start_lab ring.toml

lab() { quiet "$quipu" lab "$@"; }
impose() { lab link "$@" || echo "could not impose: $*"; }
at() { local site=$1; shift; "$quipu" lab exec "$site" -- "$@"; }
address() { "$quipu" --output json lab status | python3 -c "
import json, sys
print(next(n['loopback_ipv4'] for n in json.load(sys.stdin)['nodes'] if n['site'] == '$1'))"; }
# Of the other provider, as the points tell.
commodity() { "$quipu" --output json agents list | python3 -c "
import json, sys
print(next(a['facts']['compare']['commodity'] for a in json.load(sys.stdin) if a['id'] == '$1'))"; }
santiago=$(address santiago) panama=$(address panama) lima=$(address lima)

# As long as the research network's 30 ms: 8 and 6 ms to the exchange points, 16 between them.
base() {
  end_traffic
  impose santiago-panama up delay=30ms jitter=0ms loss=0 rate=1Gb/s
  impose commodity-santiago delay=8ms
  impose commodity-trunk delay=16ms rate=1Gb/s
  impose commodity-panama delay=6ms
  quiet at panama ip route del "$santiago/32" metric 5
}
goes_by() { # LINK LINK: the research network's ways from Santiago and from Panama leave over them (the beginnings of their names)
  for _ in $(seq 60); do
    at santiago ip route get "$panama" 2>/dev/null | grep -q "dev $1" &&
      at panama ip route get "$santiago" 2>/dev/null | grep -q "dev $2" && return
    sleep 0.5
  done
  echo "routing did not settle on $1 and $2"
}
ready() { # [SINCE]: both agents answer, Panama's started after
  for _ in $(seq 120); do
    "$quipu" --output json agents list 2>/dev/null | python3 -c "
import json, sys
there = {a['id']: a.get('started', '') for a in json.load(sys.stdin)
         if a['connected'] and (a['facts'].get('compare') or {}).get('reflector_port')}
sys.exit('santiago' not in there or there.get('panama', '') < '${1:-1}')" && return
    sleep 0.5
  done
  echo "the agents are not there"
}
set_clock() { # SHIFT
  local since
  since=$(date -u +%FT%T.%3NZ)
  lab clock panama "$1"
  ready "$since"
}

fill() { # FROM TO: a TCP flow for a minute
  { exec "$quipu" lab exec panama -- iperf3 -s -1 -p 5333 -B "$2"; } >/dev/null 2>&1 &  # the process itself: it is ended by its id
  traffic+=($!)
  sleep 0.5
  { exec "$quipu" lab exec santiago -- iperf3 -c "$2" -p 5333 -t 60 -B "$1"; } >/dev/null 2>&1 &
  traffic+=($!)
  sleep 3
}
plant() {
  case $1 in
    no-difference) ;;
    longer-fibre) impose commodity-trunk delay=9ms ;;
    detour) impose santiago-panama down; goes_by santiago-lima guayaquil ;;
    queueing)
      impose santiago-panama rate=8Mb/s
      fill "$santiago" "$panama" ;;
    queueing-other) # of whose fibre nothing is known but what its path took before
      quiet "$quipu" compare panama --from santiago
      impose commodity-trunk rate=8Mb/s
      fill "$(commodity santiago)" "$(commodity panama)" ;;
    asymmetric-route)
      at panama ip route add "$santiago/32" via "$(at panama ip route get "$lima" | sed -n 's/.* via \([^ ]*\).*/\1/p')" src "$panama" metric 5 ;;
    loss) impose santiago-panama loss=5% ;;
    loss-far) impose santiago-panama down; goes_by santiago-lima guayaquil; impose lima-guayaquil loss=5% ;;
    clock-fault) set_clock 25ms ;;
  esac
}
unplant() {
  base
  case $1 in
    clock-fault) set_clock right ;;
    detour) goes_by santiago-panama santiago-panama ;;
    loss-far) impose lima-guayaquil loss=0; goes_by santiago-panama santiago-panama ;;
  esac
}
due() { # CAUSE: the verdict, and where it lies if that is looked at
  case $1 in
    queueing-other) echo "queueing of commodity" ;;
    loss) echo "loss at Santiago – Panama City" ;;
    loss-far) echo "loss at Lima – Guayaquil" ;;
    *) echo "$1" ;;
  esac
}

ready
base
failed=0
for cause in "${causes[@]}"; do
  right=0 rounds=$asked
  for ((round = 1; round <= rounds; ++round)); do
    plant "$cause"
    "$quipu" --output json compare panama --from santiago >answer.json 2>error
    found=$(python3 -c "
import json
outcome = json.load(open('answer.json'))['outcome']
more = {'loss': ' at ' + (outcome['at'] or 'no place'),
        'queueing': ' of commodity' if outcome.get('slower') == 'commodity' else ''}
print(outcome['verdict'] + more.get(outcome['verdict'], ''))" 2>/dev/null)
    if [ "$found" = "$(due "$cause")" ]; then
      right=$((right + 1))
    else
      echo "planted $cause, round $round, found ${found:-nothing}: $(cat error)"
      cat answer.json
    fi
    unplant "$cause"
    # What the engine decides of samples errs one time in a hundred: a single round that did gets two more, both of which must be right.
    [ "$asked" = 1 ] && [ $right = 0 ] && [ "$round" = 1 ] && rounds=3
  done
  echo "$cause: $right of $rounds"
  [ $((right * 20)) -ge $((rounds * 19)) ] || [ "$asked.$right.$rounds" = 1.2.3 ] || failed=1
done
exit $failed
