#!/bin/bash
# One link down opens one outage within two minutes, three at once open three, a flapping link one: in the real lab, with
# letters to the contacts. About six minutes; bench/outage without --quick does every link, by hand.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=${QUIPU_PROGRAM:-build/release/bin/quipu}
[ -x "$program" ] || { echo "skipped: $program is not built"; exit 77; }
[ "$(id -u)" = 0 ] || { echo "skipped: the lab needs root"; exit 77; }
unshare --net true 2>/dev/null || { echo "skipped: no network namespaces can be made here"; exit 77; }
command -v bird >/dev/null || { echo "skipped: bird is not installed (tools/setup)"; exit 77; }
QUIPU_PROGRAM=$PWD/$program exec timeout 840 bench/outage --quick
