# shellcheck shell=sh
# The Test Anything Protocol, for tests in sh. Sourced. $tmp is a directory that goes at the end.

# Who takes long: HOLDSTILL_LONG has its name, or 1 for all.
case " $HOLDSTILL_LONG " in
*' 1 '* | *" $(basename "$0" .test) "*) ;;
*) HOLDSTILL_LONG='' ;;
esac

tap_points=0
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM

tap_point() # STATUS DESCRIPTION; what $tmp/tap.out holds explains a failure
{
    tap_points=$((tap_points + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_points - $2"
    else
        echo "not ok $tap_points - $2"
        sed 's/^/# /' "$tmp/tap.out"
    fi
}

ok() # DESCRIPTION COMMAND [ARGUMENT...]: the command succeeds
{
    tap_description=$1
    shift
    "$@" >"$tmp/tap.out" 2>&1
    tap_point $? "$tap_description"
}

none() # DESCRIPTION COMMAND [ARGUMENT...]: the command succeeds and prints nothing
{
    tap_description=$1
    shift
    "$@" >"$tmp/tap.out" 2>&1 && ! [ -s "$tmp/tap.out" ]
    tap_point $? "$tap_description"
}

is() # DESCRIPTION GOT EXPECTED
{
    printf 'got:      %s\nexpected: %s\n' "$2" "$3" >"$tmp/tap.out"
    [ "$2" = "$3" ]
    tap_point $? "$1"
}

skip() # DESCRIPTION REASON
{
    tap_points=$((tap_points + 1))
    echo "ok $tap_points - $1 # SKIP $2"
}

done_testing()
{
    echo "1..$tap_points"
}
