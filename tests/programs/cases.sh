# shellcheck shell=sh
# What the cases of software have in common. Sourced there.

serve() # COMMAND...: in the background; its number is $server
{
    "$under" "$@" >server.log 2>&1 &
    server=$!
}

until_it() # COMMAND...: tried until it succeeds, for 20 s
{
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 400 ] || { echo "never: $*" && return 1; }
        sleep 0.05
    done
}

ended() # the status of $server
{
    wait "$server" 2>/dev/null # the shell tells of a signal there, now or later
    echo "server: status $?"
}

as_user() # NAME COMMAND...
{
    name=$1
    shift
    setpriv --reuid "$name" --regid "$name" --clear-groups "$@"
}

build() # NAME COMPILER PACKAGE: $kept/NAME from libraries/NAME.c or .cc
{
    # shellcheck disable=SC2046 # several words
    [ -x "$kept/$1" ] || "$2" -O2 -pthread -o "$kept/$1" "$here/libraries/$1".c* \
        $(pkg-config --cflags --libs "$3") || exit 98
}

lines() # 200,000 of them, always the same
{
    awk 'BEGIN { for (i = seed = 1; i <= 200000; i++) {
        seed = (seed * 1103515245 + 12345) % 2147483648; print seed, "line", i } }'
}

find_library() # NAME: its path
{
    find /usr/lib /lib -name "$1" | head -n 1
}

# Programs with threads, beside another preload.
beside() # LIBRARY
{
    LD_PRELOAD=$(find_library "$1")
    export LD_PRELOAD
    lines >lines
    "$under" xz -T2 --block-size=200KiB -k -c lines | cksum
    "$under" sort --parallel=4 -S 2M -k 1,1n -T . lines | cksum
    "$under" /usr/bin/python3 "$here/libraries/preloads.py"
    echo "python: $?"
}

beside_with_server() # LIBRARY
{
    beside "$1"
    serve redis-server --port 7379 --bind 127.0.0.1 --save ''
    until_it redis-cli -p 7379 ping
    for _ in 1 2 3; do
        redis-benchmark -p 7379 -q -n 5000 -P 16 -t set,lpush >load 2>&1
        redis-cli -p 7379 bgsave | grep -c 'Background saving'
        until_it sh -c 'redis-cli -p 7379 info persistence | grep rdb_bgsave_in_progress:0'
    done
    kill -TERM "$server"
    ended
}
