# What the tests share that start a hub and ask it; read by them, with $quipu set, in the folder where its output may lie.
export NO_COLOR=1
unset QUIPU_HUB QUIPU_PORT QUIPU_DATA QUIPU_WEB QUIPU_DATABASE QUIPU_TOKEN

fails() { # WHAT-IS-NOT-SO FILE…
  echo "not so: $1"
  shift
  tail -n 20 "$@" 2>/dev/null || true
  exit 1
}
# Waits until a command's output has a text; how long that may take decides nothing but when to give up.
await() { # TEXT COMMAND…
  local text=$1 end=$((SECONDS + 120)) # what comes once a minute may just have gone
  shift
  while [ $SECONDS -lt $end ]; do
    "$@" >await.out 2>&1 || true
    ! grep -qF -- "$text" await.out || return 0
    sleep 0.1
  done
  fails "\"$*\" says \"$text\"" await.out ./*.log
}
# By a hub's address, which others of our tests have too in their own networks, commands find its secret in this folder.
own_secrets() { export TMPDIR=$PWD; }
# Waits until the process $hub tells its address, and prints it; fails when it is gone.
await_address() { # FILE
  for _ in $(seq 1200); do
    ! grep -om1 'http://127[^ ]*' "$1" 2>/dev/null || return 0
    kill -0 "$hub" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}
# Starts a hub with quipu.toml and the folder hub; its process is $hub and what it serves is $QUIPU_HUB.
start_hub() { # OPTION…
  own_secrets
  rm -f hub.out # one from before its restart would name its address too early
  "$quipu" serve --config quipu.toml --data hub "$@" >hub.out 2>>hub.log &
  hub=$!
  QUIPU_HUB=$(await_address hub.out) || fails "the hub starts" hub.log
  export QUIPU_HUB
}
# Starts a network in the lab, its hub with quipu.toml and all in the folder data; returns when it is up, with $hub and $QUIPU_HUB.
start_lab() { # NETWORK
  own_secrets
  export QUIPU_DATA=$PWD/data
  "$quipu" run --data data --config quipu.toml --network "$1" --port 0 >run.out 2>run.log &
  hub=$!
  QUIPU_HUB=$(await_address run.out) || fails "the network comes up" run.log
  export QUIPU_HUB
}
# Gives the hub these sites, and what else of the network stands in the input; and makes a SITE.ticket for each one's agent.
add_sites() { # SITE…
  local site
  {
    printf '[[organisations]]\nid = "clara"\nname = "CLARA"\ntype = "regional"\n'
    for site; do printf '[[sites]]\nid = "%s"\nname = "%s"\norganisation = "clara"\n' "$site" "$site"; done
    cat
  } >network.toml
  "$quipu" registry import network.toml --why test >/dev/null || fails "the network is imported" hub.log
  for site; do "$quipu" agents ticket "$site" >"$site.ticket"; done
}
