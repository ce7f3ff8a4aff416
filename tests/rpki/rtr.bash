# What the tests of routers share; read by them, with $quipu set: a folder of their own, the server, and the comparison of a
# router's table with what is served.
work=$(mktemp -d)
started=()
all_ended() { ! kill -0 "${started[@]}" 2>/dev/null; }
finish() {
  local process
  for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  # FRR 8.4's bgpd sometimes waits for its own RTR client for ever.
  comes_true 40 all_ended || kill -KILL "${started[@]}" 2>/dev/null || true
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

# A router that is told "no data" at first asks again when it likes: rtrclient after ten minutes.
start_server() { # ADDRESS OPTION…
  local before address=$1
  shift
  before=$(grep -c RPKI_VALIDATED server.log 2>/dev/null || true)
  "$quipu" rpki serve --offline tree/cache --tals tree/tals --rtr "$address" --rtr-socket "$work/rtr.sock" --database "sqlite:$work/rpki.db" \
    --every 1h --refresh 1s --retry 1s --expire 10m "$@" >served 2>>server.log &
  server=$!
  started+=("$server")
  for _ in $(seq 600); do
    grep -q '^rtr ' served && [ "$(grep -c RPKI_VALIDATED server.log)" -gt "${before:-0}" ] && break
    sleep 0.1
  done
  port=$(sed -n 's/^rtr .*:\([0-9]*\)$/\1/p' served)
}
expect_vrps() {
  "$quipu" rpki validate --offline tree/cache --tals tree/tals --output csv | same_form >expected
  [ "$(wc -l <expected)" -gt 100 ]
}
# Waits for a condition; how long it may take decides nothing but when to give up.
comes_true() { # TIMES COMMAND…
  local times=$1
  shift
  for _ in $(seq "$times"); do
    if "$@"; then return 0; fi
    sleep 0.25
  done
  return 1
}
holds_expected() { # ROUTER
  { "vrps_of_$1" 2>/dev/null || true; } | same_form >"$1.vrps"
  cmp -s expected "$1.vrps"
}
same_set() { # ROUTER WHEN
  if comes_true 480 holds_expected "$1"; then
    echo "$1 holds the $(wc -l <expected) VRPs that are served $2"
    return
  fi
  echo "$1 does not hold what is served $2:"
  diff expected "$1.vrps" | head -20
  tail -20 server.log "$1.log" 2>/dev/null
  exit 1
}
