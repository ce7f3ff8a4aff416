#!/bin/bash
# Generated trees validated by quipu and by Debian's rpki-client and fort: the sorted VRP sets are the same on a tree without
# faults, and on one with every fault each peer's surplus stands in tests/rpki/NAME.surplus, where the note on each says
# who is right. tests/rpki/peers.sh PATH/TO/quipu; exits 77 (skipped) if no peer is installed.
set -euo pipefail
quipu=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"

vrps() { sed 1d "$1" | cut -d, -f1-3 | sort -u; }

run_rpki_client() { # TREE
  rm -rf rc && mkdir -p rc/cache/ta rc/out
  cp -r "$1"/cache/. rc/cache/
  local tals=() tal name
  for tal in "$1"/tals/*.tal; do
    name=$(basename "$tal" .tal)
    tals+=(-t "$tal")
    mkdir "rc/cache/ta/$name"
    cp "$1"/cache/*/ta/"$name".cer "rc/cache/ta/$name/"
  done
  [ "$(id -u)" != 0 ] || chown -R _rpki-client rc
  rpki-client -n -c -d rc/cache "${tals[@]}" rc/out >rc.log 2>&1
  vrps rc/out/csv
}
run_fort() { # TREE
  fort --mode=standalone --work-offline=true --tal="$1/tals" --local-repository="$1/cache" --output.roa=fort.csv >fort.log 2>&1 || true
  vrps fort.csv
}

"$quipu" rpki lab --folder plain --objects 300
"$quipu" rpki lab --folder faulty --objects 60 --anchors 1 --faults all
for tree in plain faulty; do
  "$quipu" rpki validate --offline $tree/cache --tals $tree/tals --output csv >$tree.csv
  vrps $tree.csv >$tree.vrps
done
[ -s plain.vrps ]

faults_of() { # VRPs, by the AS number that tells their point
  cut -d, -f1 | sort -u | while read -r as; do
    number=$(((${as#AS} - 4200000000) / 8))
    sed -n "${number}p" < <("$quipu" --output csv rpki lab --list | sed 1d | cut -d, -f1)
  done | sort -u
}

tried=0
for peer in rpki-client fort; do
  if ! command -v $peer >/dev/null; then
    echo "$peer is not installed: not compared"
    continue
  fi
  tried=1
  "run_${peer//-/_}" plain >$peer.plain
  diff plain.vrps $peer.plain || { echo "$peer: other VRPs on the tree without faults"; exit 1; }
  "run_${peer//-/_}" faulty >$peer.faulty
  # By fault: the AS number of a planted ROA tells its point, and that the fault.
  comm -13 faulty.vrps $peer.faulty | faults_of >$peer.found
  comm -23 faulty.vrps $peer.faulty | faults_of >$peer.missing
  echo "$peer: takes $(wc -l <$peer.found) faults that quipu refuses, refuses $(wc -l <$peer.missing) that quipu takes"
  if [ -e "$here/$peer.surplus" ]; then
    diff <(sed 's/ .*//' "$here/$peer.surplus" | sort) $peer.found || { echo "$peer: not the differences that are noted"; exit 1; }
  else
    cat $peer.found
  fi
  diff <(sed 's/ .*//' "$here/$peer.refused" 2>/dev/null | sort) $peer.missing || { echo "$peer: refuses other faults than is noted"; exit 1; }
done
[ $tried = 1 ] || exit 77
