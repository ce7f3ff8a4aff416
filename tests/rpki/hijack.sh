#!/bin/bash
# A hijack in the lab, in IPv4 and IPv6. Without validation of origins a stranger's announcement of a member's prefix wins where he stands, and
# a more specific one everywhere. With it, by the configuration that `quipu rpki router-config` writes and the RPKI that
# `quipu run` makes, both are dropped as invalid where they come in and are seen nowhere else; what is valid or not found stays.
# At the end the same under `quipu run`, whose routers ask its own RTR server, by the API.
# tests/rpki/hijack.sh PATH/TO/quipu; exits 77 (skipped) without root or BIRD. All of it is in a network namespace of its own
# and ends with this script.
set -euo pipefail
quipu=$(realpath "$1")
tools=bird
source "$(dirname "$0")/../alone.bash"
network=$(realpath "$(dirname "$0")/../../networks/redclara-2011.toml")
source "$(dirname "$0")/rtr.bash"
export QUIPU_DATA=$work/data

until_true() { # WHAT COMMAND…
  local what=$1
  shift
  if comes_true 240 "$@"; then echo "$what"; return; fi
  echo "not so: $what"
  tail -5 "$QUIPU_DATA"/lab/routers/{lima,santiago,members}.log server.log 2>/dev/null || true
  exit 1
}
at() { local site=$1; shift; birdc -s "$QUIPU_DATA/lab/routers/$site.ctl" "$@"; }
# "PREFIX ORIGIN" of the best BGP routes of a site, or of those that it filtered.
bgp_routes() { # SITE [filtered]
  { at "$1" show route table master4 primary "${@:2}"; at "$1" show route table master6 primary "${@:2}"; } 2>/dev/null |
    sed -nE 's/^([0-9a-f.:]+\/[0-9]+) .*\[AS([0-9]+).\]$/\1 \2/p' | sort
}
filtered_routes() { { at "$1" show route filtered table master4; at "$1" show route filtered table master6; } 2>/dev/null | sed -nE 's/^([0-9a-f.:]+\/[0-9]+) .*\[AS([0-9]+).\]$/\1 \2/p' | sort; }
everywhere() { local site; for site in "${sites[@]}"; do "$@" "$site" || return 1; done; }
has() { bgp_routes "$3" | grep -qx "$1 $2"; }
holds_exactly() { cmp -s "$1" <(bgp_routes "$2"); }
no_origin() { ! bgp_routes "$2" | grep -q " $1\$"; }
filters() { cmp -s "$1" <(filtered_routes "$2"); }
vrps_at() { cmp -s expected <({ at "$1" show route table vrps4; at "$1" show route table vrps6; } | same_form); }
# Beside what is kept, a router has the stranger's unprotected prefix alone.
holds_no_other() { ! comm -13 kept <(bgp_routes "$1") | grep -vqx "$open $stranger"; }
site_of() { sed -nE "s/^# .* at (.*)$/site \1/p; s/^    route (.*) blackhole;$/\1/p" "$QUIPU_DATA/lab/routers/members.conf" | awk -v prefix="$1" '$1 == "site" { site = $2 } $1 == prefix { print site; exit }'; }
stranger_as() { sed -n "/at $foreign\$/,/local/s/.* as \([0-9]*\);/\1/p" "$QUIPU_DATA/lab/routers/members.conf" | head -1; }
lab_up() {
  "$quipu" lab up --network "$network" --detach "$@"
  mapfile -t sites < <("$quipu" --output json lab status | python3 -c 'import json, sys; print("\n".join(node["site"] for node in json.load(sys.stdin)["nodes"]))')
  # What members announce, from their routers' configuration.
  sed -nE 's/^    route (.*) blackhole;$/\1/p; s/^    local .* as ([0-9]+);$/as \1/p' "$QUIPU_DATA/lab/routers/members.conf" |
    awk '$1 == "as" { for (i = 0; i < n; ++i) print route[i] " " $2; n = 0; next } { route[n++] = $1 }' | sort >announced
  [ "$(wc -l <announced)" -gt 5 ]
}

# Its RPKI, made as at every first start; the hub itself is not needed.
"$quipu" run --hub-only --port 0 --network "$network" --data "$work/hub" >hub.out 2>hub.log &
hub=$!
started+=("$hub")
until_true "the hub has made its RPKI" grep -q 'is up' hub.out
kill "$hub"
wait "$hub" || true
mkdir tree
mv "$work"/hub/rpki-demonstration/{cache,tals} tree/

# A member whose prefixes are valid, one that has no ROA, and a stranger's site.
"$quipu" rpki validate --offline tree/cache --tals tree/tals --output csv >vrps.csv
same_form <vrps.csv >expected
foreign=lima

lab_up --bgp
sed 's/ / => AS/' announced >routes.txt
"$quipu" rpki validity --vrps vrps.csv --file routes.txt --output csv >verdicts.csv
of_state() { awk -F, -v state="$1" '$3 == state { sub("AS", "", $2); print $1 " " $2 }' verdicts.csv | sort; }
{ of_state valid; of_state not-found; } | sort >kept
[ -n "$(of_state valid)" ] && [ -n "$(of_state not-found)" ]
read -r prefix origin < <(of_state valid | grep -E '^[0-9.]+/(1[0-9]|2[0-2]) ' | head -1)
read -r open open_origin < <(of_state not-found | head -1)
read -r prefix6 origin6 < <(of_state valid | grep -E '^[0-9a-f:]+/32 ' | head -1)
open_site=$(site_of "$open")
inner=${prefix%/*}/24
inner6=${prefix6%/*}/48
stranger=$(stranger_as)
[ -n "$prefix" ] && [ -n "$prefix6" ] && [ -n "$open" ] && [ -n "$stranger" ] && [ "$stranger" != "$origin" ] && [ "$stranger" != "$origin6" ]

echo "Without validation:"
until_true "every router has what members announce" everywhere holds_exactly announced
"$quipu" lab hijack "$prefix" "$foreign" >/dev/null
"$quipu" lab hijack "$inner" "$foreign" >/dev/null
until_true "$prefix is the stranger's at $foreign" has "$prefix" "$stranger" "$foreign"
until_true "$inner is the stranger's everywhere" everywhere has "$inner" "$stranger"
"$quipu" lab hijack "$inner6" "$foreign" >/dev/null
until_true "$inner6 is the stranger's everywhere" everywhere has "$inner6" "$stranger"
"$quipu" lab down >/dev/null

echo "With validation:"
start_server 0.0.0.0:0
lab_up --rtr "$port"
until_true "every router holds the $(wc -l <expected) VRPs" everywhere vrps_at
until_true "every router keeps the $(wc -l <kept) routes that are valid or not found" everywhere holds_exactly kept
"$quipu" lab hijack "$prefix" "$foreign" >/dev/null
"$quipu" lab hijack "$inner" "$foreign" >/dev/null
"$quipu" lab hijack "$prefix6" "$foreign" >/dev/null
"$quipu" lab hijack "$inner6" "$foreign" >/dev/null
printf '%s\n' "$inner $stranger" "$prefix $stranger" "$inner6 $stranger" "$prefix6 $stranger" | sort >dropped
until_true "$prefix, $inner, $prefix6 and $inner6 of AS$stranger are filtered at $foreign" filters dropped "$foreign"
for one in "$prefix" "$inner" "$prefix6" "$inner6"; do
  "$quipu" rpki validity "AS$stranger" "$one" --vrps vrps.csv --output json | grep -q '"invalid"' || { echo "$one is not invalid"; exit 1; }
done
until_true "no router has a route of AS$stranger" everywhere no_origin "$stranger"
until_true "every router keeps what it had" everywhere holds_exactly kept

# Where there is no ROA, there is no protection.
"$quipu" lab hijack "$open" "$foreign" >/dev/null
until_true "$open of AS$open_origin, which no ROA protects, is the stranger's at $foreign" has "$open" "$stranger" "$foreign"
[ "$("$quipu" --output json lab status | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["hijacks"]))')" = 5 ]
for one in "$prefix" "$inner" "$prefix6" "$inner6" "$open"; do "$quipu" lab hijack "$one" "$foreign" stop >/dev/null; done
: >nothing
until_true "nothing is filtered once the hijacks have ended" filters nothing "$foreign"
until_true "every router keeps what it had" everywhere holds_exactly kept
"$quipu" lab down >/dev/null

echo "By quipu run and the API:"
export QUIPU_DATA=$work/run
run_up() { # OPTION…
  "$quipu" run --port 0 --network "$network" --data "$QUIPU_DATA" "$@" >run.out 2>run.log &
  run=$!
  started+=("$run")
  until_true "quipu run $* is up" grep -q 'is up' run.out
  url=$(grep -o 'http://[^ ]*' run.out)
}
run_down() {
  kill "$run"
  wait "$run" || { echo "quipu run did not end well"; tail -20 run.log; exit 1; }
}
sign_in() { curl -sf -c "$1.jar" -H 'X-Quipu-Request: 1' --json "{\"login\":\"$1\"}" "$url/api/v1/session" >/dev/null; }
# Answers the status; what was said is in said.json.
post() { # ACCOUNT BODY
  curl -s -b "$1.jar" -H 'X-Quipu-Request: 1' --json "$2" -o said.json -w '%{http_code}' "$url/api/v1/lab/hijacks"
}
refused() { # STATUS WHAT ACCOUNT BODY
  local status
  status=$(post "$3" "$4")
  [ "$status" = "$1" ] && grep -q "$2" said.json || { echo "$4 by $3: $status $(cat said.json), not $1 $2"; exit 1; }
}
announce() { refused 200 '"hijacks"' demo-administrator "{\"prefix\":\"$1\",\"site\":\"$foreign\"}"; }
became() { # STATE SITES PREFIX: as anybody sees it
  curl -sf "$url/api/v1/lab" | python3 -c '
import json, sys
state, sites, prefix = sys.argv[1:]
found = [one for one in json.load(sys.stdin)["hijacks"] if one["prefix"] == prefix]
taken = found[0].get("taken_at", []) if found else []
sys.exit(not (found and found[0]["state"] == state and (len(taken) >= int(sites) if int(sites) else not taken)))' "$@"
}

run_up --bgp
grep -q 'routers validate origins by' run.log
"$quipu" rpki validate --offline "$QUIPU_DATA/rpki-demonstration/cache" --tals "$QUIPU_DATA/rpki-demonstration/tals" --output csv | same_form >expected
until_true "every router holds the $(wc -l <expected) VRPs of the hub" everywhere vrps_at
until_true "every router keeps the $(wc -l <kept) routes that are valid or not found" everywhere holds_exactly kept
stranger=$(stranger_as) # private AS numbers follow the order of the sites
sign_in demo-administrator
sign_in demo-viewer
for one in "$prefix" "$inner" "$inner6" "$open"; do announce "$one"; done
for one in "$prefix" "$inner" "$inner6"; do until_true "$one is dropped, by the API" became dropped 0 "$one"; done
until_true "$open is taken, by the API" became taken 1 "$open"
until_true "no router has one of the others" everywhere holds_no_other
refused 404 'is not a site of the lab' demo-administrator "{\"prefix\":\"$inner\",\"site\":\"nowhere\"}"
refused 400 'who stands there' demo-administrator "{\"prefix\":\"$open\",\"site\":\"$open_site\"}"
refused 400 'no member announces it' demo-administrator "{\"prefix\":\"192.0.2.0/24\",\"site\":\"$foreign\"}"
refused 400 'body.prefix' demo-administrator "{\"prefix\":\"${inner%/*}/99\",\"site\":\"$foreign\"}"
refused 404 'is not announced at' demo-administrator "{\"prefix\":\"${prefix6}\",\"site\":\"$foreign\",\"stop\":true}"
refused 403 forbidden demo-viewer "{\"prefix\":\"$inner\",\"site\":\"$foreign\"}"
for one in "$prefix" "$inner" "$inner6" "$open"; do
  refused 200 '"hijacks"' demo-administrator "{\"prefix\":\"$one\",\"site\":\"$foreign\",\"stop\":true}"
done
until_true "every router keeps what it had" everywhere holds_exactly kept
curl -sf -b demo-administrator.jar "$url/api/v1/journal/events?type=LabHijackSet" >journal.json
[ "$(grep -o '"actor":"person:demo-administrator"' journal.json | wc -l)" = 8 ] || { echo "not 8 changes in the journal: $(cat journal.json)"; exit 1; }
echo "8 changes stand in the journal"
run_down

# Nothing is validated where no trust anchors are named: said, and every route is taken.
printf '[lab]\nbgp = true\n[rpki]\ninterval = "1h"\n' >off.toml
run_up --config off.toml
grep -q 'routers take every route, since the service rpki validates nothing' run.log
sign_in demo-administrator
announce "$inner"
until_true "$inner is the stranger's everywhere" became taken ${#sites[@]} "$inner"
run_down
