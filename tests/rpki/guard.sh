#!/bin/bash
# The hub's guard, from the tree of authorities to the case: a validation that would drop everything is held and raised as one
# case of network operations, also when the hub is killed and comes back; what a person lets pass reaches routers and closes
# the case. The routers' port speaks TLS with the hub's own certificate, and OpenSSL's s_client reads the set there.
# tests/rpki/guard.sh PATH/TO/quipu
set -euo pipefail
quipu=$(realpath "$1")
reader=$(realpath "$(dirname "$0")/reader.py")
source "$(dirname "$0")/../hub.bash"
source "$(dirname "$0")/rtr.bash"
for program in openssl python3; do command -v "$program" >/dev/null || { echo "$program is not installed"; exit 77; }; done

begun=$(date -u +%FT%TZ)
"$quipu" rpki lab --folder tree --objects 300 --at "$begun" >/dev/null
ports=($(python3 -c '
import socket
both = [socket.socket(), socket.socket()]
for s in both: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in both])'))
cat >quipu.toml <<CONF
[rpki]
tals = "tree/tals"
offline = "tree/cache"
interval = "24h"
[rpki.rtr]
listen = ["127.0.0.1:${ports[0]}"]
listen_tls = ["127.0.0.1:${ports[1]}"]
CONF

cases() { "$quipu" --output json api GET cases | python3 -c '
import json, sys
for one in json.load(sys.stdin)["items"]: print(one["number"], one["queue"], one["state"], *one["objects"])'; }
vrps_over_tls() {
  timeout 60 python3 "$reader" openssl s_client -quiet -verify_quiet -verify_return_error -CAfile hub/tls/authority.pem \
    -verify_hostname localhost -connect "127.0.0.1:${ports[1]}" 2>tls.log
}
start_hub --port 0 --only rpki
started+=("$hub")
expect_vrps
all=$(wc -l <expected)
await "\"served_vrps\": $all" "$quipu" --output json rpki status
same_set_over_tls() { # WHEN
  vrps_over_tls | same_form >tls.vrps
  cmp -s expected tls.vrps || { echo "what TLS gives $1 is not what is served:"; diff expected tls.vrps | head; cat tls.log; exit 1; }
  echo "over TLS: the $(wc -l <expected) VRPs $1"
}
same_set_over_tls "at first"

# A sixth of all VRPs goes.
cp expected before
"$quipu" rpki lab --folder tree --objects 300 --at "$begun" --generation 1 --changed 1000 >/dev/null
"$quipu" rpki hurry
await "is held since" "$quipu" rpki guard
await "It is followed in case 1." "$quipu" rpki guard
await "1 operations new rpki:guard" cases
same_set_over_tls "while the change is held"
"$quipu" cases show 1 >case.out
grep -q 'Everything: [1-9]' case.out || { echo "the case does not say what would go:"; cat case.out; exit 1; }

# The hub dies and comes back: the same change, the same case, the same set for routers.
kill -9 "$hub"
wait "$hub" || true
start_hub --port 0 --only rpki
started+=("$hub")
await "It is followed in case 1." "$quipu" rpki guard
same_set_over_tls "after the hub was killed"

"$quipu" rpki release 1
await "1 operations closed rpki:guard" cases
[ "$(cases | wc -l)" = 1 ] || { echo "more than one case:"; cases; exit 1; }
"$quipu" cases show 1 >case.out
grep -q 'let change 1 pass' case.out || { echo "the case does not say how it ended:"; cat case.out; exit 1; }
expect_vrps
! cmp -s expected before || { echo "the tree did not change"; exit 1; }
same_set_over_tls "once a person let it pass"
