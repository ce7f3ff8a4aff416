# Sourced by bench/http and bench/api: nginx with the same bytes, load by wrk on loopback, requests per CPU second of each
# server in the same run. CPU time is that of the server's processes alone.

for tool in nginx wrk curl; do
    command -v $tool >/dev/null || [ -x /usr/sbin/$tool ] || { echo "$tool is not installed" >&2; exit 1; }
done
folder=$(mktemp -d)
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap finish EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

wait_for() {  # URL
    for _ in $(seq 200); do
        curl -fs "$1" >/dev/null && return
        sleep 0.05
    done
    echo "nothing answers at $1" >&2
    exit 1
}

# start_nginx WORKERS FILE [NAME=VALUE header...]: answers every request with FILE's text. Sets nginx_master, nginx_port.
start_nginx() {
    local workers=$1 file=$2 fields='' field
    shift 2
    for field in "$@"; do fields+="add_header ${field%%=*} \"${field#*=}\"; "; done
    nginx_port=$(free_port)
    mkdir -p "$folder/tmp"
    cat >"$folder/nginx.conf" <<EOF
worker_processes $workers;
daemon off;
pid $folder/nginx.pid;
error_log $folder/error.log;
events { worker_connections 4096; }
http {
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path $folder/tmp; proxy_temp_path $folder/tmp; fastcgi_temp_path $folder/tmp;
    uwsgi_temp_path $folder/tmp; scgi_temp_path $folder/tmp;
    server {
        listen 127.0.0.1:$nginx_port reuseport;
        location / { default_type application/json; ${fields}return 200 '$(cat "$file")'; }
    }
}
EOF
    "$(command -v nginx || echo /usr/sbin/nginx)" -p "$folder" -c "$folder/nginx.conf" -e "$folder/error.log" &
    nginx_master=$!
    pids+=("$nginx_master")
    wait_for "http://127.0.0.1:$nginx_port/"
}

# User and system time in clock ticks of a process and its children (fields 14 and 15; no name here holds a space).
ticks() {
    local sum=0 pid
    for pid in $1 $(pgrep -P "$1" || true); do sum=$((sum + $(awk '{print $14 + $15}' "/proc/$pid/stat"))); done
    echo $sum
}

measure() {  # NAME PID URL SECONDS CONNECTIONS
    wrk -t1 -c"$5" -d1s "$3" >/dev/null
    local before after requests
    before=$(ticks "$2")
    requests=$(wrk -t1 -c"$5" -d"$4s" "$3" | awk '/requests in/ {print $1} /Non-2xx/ {print "failed"}')
    after=$(ticks "$2")
    [[ $requests =~ ^[0-9]+$ ]] || { echo "$1 answered with errors" >&2; exit 1; }
    awk -v n="$1" -v r="$requests" -v t="$((after - before))" -v hz="$(getconf CLK_TCK)" \
        'BEGIN {printf "%-6s %9d requests %6.2f CPU s %9.0f requests per CPU second\n", n, r, t / hz, r * hz / t}' |
        tee -a "$folder/figures"
}

ratio() { awk '{rate[$1] = $(NF - 4)} END {printf "ratio  %.2f\n", rate["ours"] / rate["nginx"]}' "$folder/figures"; }
