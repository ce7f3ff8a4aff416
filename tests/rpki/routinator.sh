#!/bin/bash
# Routinator's HTTP paths at `quipu rpki serve --http`, asked with curl and read with Python as its users' scripts do: the outputs are those of
# `quipu rpki validate`, a delta leads from one set to the next, a poll ends with a new set, and a route is judged as `quipu rpki validity` does.
# tests/rpki/routinator.sh PATH/TO/quipu; exits 77 (skipped) without curl.
set -euo pipefail
quipu=$(realpath "$1")
command -v curl >/dev/null || { echo "curl is not installed"; exit 77; }
source "$(dirname "$0")/rtr.bash"

ask() { curl -sS --max-time 60 --fail-with-body "$http$1" "${@:2}"; }
status_of() { curl -sS --max-time 60 -o /dev/null -w '%{http_code}' "$http$1" "${@:2}"; }
value() { python3 -c 'import json, sys; print(eval(sys.argv[1], {"it": json.load(sys.stdin)}))' "$1"; }
same() { # WHAT EXPECTED FOUND
  cmp -s "$2" "$3" || { echo "$1 is not what it should be:"; diff "$2" "$3" | head -20; exit 1; }
  echo "$1: as it should be, $(wc -l <"$3") lines"
}
is() { # WHAT EXPECTED FOUND
  [ "$2" = "$3" ] || { echo "$1 is $3, not $2"; exit 1; }
}
validations() { grep -c RPKI_VALIDATED server.log || true; }
validate_again() {
  local before
  before=$(validations)
  kill -HUP "$server"
  for _ in $(seq 600); do
    [ "$(validations)" -gt "$before" ] && return
    sleep 0.1
  done
  echo "there was no validation"; tail server.log; exit 1
}

"$quipu" rpki lab --folder tree --objects 300 >/dev/null
"$quipu" rpki serve --offline tree/cache --tals tree/tals --http 127.0.0.1:0 --database "sqlite:$work/rpki.db" --every 1h >served 2>server.log &
server=$!
started+=("$server")
for _ in $(seq 600); do
  grep -q '^http ' served && [ "$(validations)" -gt 0 ] && break
  sleep 0.1
done
http=http://$(sed -n 's/^http //p' served)

# The outputs are those of the command: what hangs on the time of the validation is left out of the comparison.
for format in csv csvcompat csvext openbgpd bird1 bird2 slurm jsonext json; do
  "$quipu" rpki validate --offline tree/cache --tals tree/tals --output "$format" | grep -v '"generated' >expected
  ask "/$format" | grep -v '"generated' >found
  same "/$format" expected found
done
ask /rpsl >found
grep -q '^origin: AS' found
ask /summary >found
grep -q '^total: ' found
etag=$(ask /csv -o /dev/null -D - | sed -n 's/^[Ee][Tt]ag: \([^\r]*\).*/\1/p')
is "/csv asked for again" 304 "$(status_of /csv -H "If-None-Match: $etag")"
as=$(sed -n '2s/,.*//p' <(ask /csv))
ask "/csv?select-asn=$as" >found
ask /csv >whole.csv
{ head -1 whole.csv; grep "^$as," whole.csv; } >expected
same "/csv?select-asn=$as" expected found

# A delta over a change: what there was, without what was withdrawn, with what is announced, is what there is.
ask /json-delta >before.json
session=$(value 'it["session"]' <before.json)
serial=$(value 'it["serial"]' <before.json)
is "the first answer's reset" True "$(value 'it["reset"]' <before.json)"
ask "/json-delta/notify?session=$session&serial=$serial" >notified.json &
poll=$!
mapfile -t points < <(find tree/cache -mindepth 3 -maxdepth 3 -name 'ca*' | sort | tail -1)
mkdir aside
mv "${points[0]}" aside/
validate_again
wait "$poll"
is "the serial that the poll tells" $((serial + 1)) "$(value 'it["serial"]' <notified.json)"
ask "/json-delta?session=$session&serial=$serial" >delta.json
is "the delta's reset" False "$(value 'it["reset"]' <delta.json)"
ask /csv >after.csv
python3 - <<'PY' >found
import json
def vrps(items):
    return {(i["asn"], i["prefix"], i["maxLength"]) for i in items if i["type"] == "routeOrigin"}
before, delta = json.load(open("before.json")), json.load(open("delta.json"))
assert delta["withdrawn"], "nothing was withdrawn"
for asn, prefix, length in sorted((vrps(before["announced"]) - vrps(delta["withdrawn"])) | vrps(delta["announced"])):
    print(f"{asn},{prefix},{length}")
PY
sed 1d after.csv | cut -d, -f1-3 | LC_ALL=C sort >expected
LC_ALL=C sort -o found found
same "/json-delta over a change" expected found
is "an older tag" 200 "$(status_of /csv -H "If-None-Match: $etag")"

# A route as the command judges it.
prefix=$(sed -n '2p' after.csv | cut -d, -f2)
as=$(sed -n '2p' after.csv | cut -d, -f1)
for route in "$as $prefix" "AS64999 $prefix" "AS64999 192.0.2.0/24"; do
  read -r asn of <<<"$route"
  "$quipu" --output json rpki validity "$asn" "$of" --offline tree/cache --tals tree/tals | grep -v generatedTime >expected
  ask "/api/v1/validity/$asn/$of" | grep -v generatedTime >found
  same "/api/v1/validity/$asn/$of" expected found
  ask "/validity?asn=$asn&prefix=$of" | grep -v generatedTime >found
  same "/validity?asn=$asn&prefix=$of" expected found
done
ask /validity -H 'Content-Type: application/json' -d "{\"routes\": [{\"asn\": \"$as\", \"prefix\": \"$prefix\"}]}" >many.json
is "a posted route" valid "$(value 'it["validated_routes"][0]["validity"]["state"]' <many.json)"

# How it stands.
final=$(sed 1d after.csv | wc -l)
is "final VRPs of /api/v1/status" "$final" "$(ask /api/v1/status | value 'it["payload"]["routeOriginsIPv4"]["final"] + it["payload"]["routeOriginsIPv6"]["final"]')"
is "final VRPs of /metrics" "$final" "$(ask /metrics | sed -n 's/^routinator_vrps_final //p')"
is "final VRPs of /status" "$final" "$(ask /status | sed -n 's/^final-vrps: //p')"
[[ $(ask /version) == quipu/* ]]
is "a path that nobody knows" 404 "$(status_of /nothing)"
is "a query that is wrong" 400 "$(status_of '/csv?select-asn=x')"
