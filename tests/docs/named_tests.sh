#!/bin/bash
# Every test that docs/security.md names as `Suite.Test` exists under that name, and so does every file of tests: a renamed test
# takes its lines with it.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

known=$(grep -rhoE --include='*.cpp' --include='*.h' '^TEST(_F|_P)?\(\w+, *\w+\)' src tests |
  sed -E 's/^TEST(_F|_P)?\((\w+), *(\w+)\)$/\2.\3/' | sort -u)
# A file's name begins with a small letter, a test's with a large one; the first line of the document says `Suite.Test`.
named=$(grep -oE '`[A-Z][A-Za-z0-9]*\.[A-Z][A-Za-z0-9_…*]*`' docs/security.md | tr -d '`' | sort -u | grep -vx 'Suite.Test')
[ "$(wc -l <<<"$named")" -ge 50 ] || { echo "docs/security.md names hardly any test: has its form changed?"; exit 1; }
missing=$(comm -13 <(echo "$known") <(echo "$named"))
for file in $(grep -oE '(web|tests)/[A-Za-z0-9_/.]+\.test\.(ts|mjs)' docs/security.md | sort -u); do
  [ -e "$file" ] || missing+=" $file"
done
[ -z "$missing" ] && exit 0
printf 'docs/security.md names a test that does not exist: %s\n' $missing
exit 1
