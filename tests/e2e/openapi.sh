#!/bin/bash
# The OpenAPI document of the whole hub passes Redocly's linter with no error. The linter is fetched once, into build/redocly.
set -uo pipefail
cd "$(dirname "$0")/../.."
program=build/release/bin/quipu
linter=build/redocly
version=2.37.0

[ -x $program ] || { echo "skip: $program is not built"; exit 77; }
if [ ! -x $linter/node_modules/.bin/redocly ]; then
  mkdir -p $linter
  npm install --silent --no-audit --no-fund --prefix $linter "@redocly/cli@$version" >$linter/install.log 2>&1 ||
    { echo "skip: @redocly/cli could not be fetched (see $linter/install.log)"; exit 77; }
fi

work=$(mktemp -d)
hub=
trap '[ -z "$hub" ] || { kill $hub; wait $hub; }; rm -rf "$work"' EXIT
$program serve --port 0 --data "$work/data" >"$work/out" 2>"$work/log" &
hub=$!
until grep -q http "$work/out"; do
  kill -0 $hub 2>/dev/null || { cat "$work/log"; hub=; exit 1; }
  sleep 0.1
done
curl -sf "$(grep -o 'http://[^ ]*' "$work/out")/api/v1/openapi.json" -o "$work/openapi.json" || exit 1
REDOCLY_TELEMETRY=off $linter/node_modules/.bin/redocly lint --extends recommended "$work/openapi.json"
