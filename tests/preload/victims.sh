# shellcheck shell=sh
# Runs rows of victims, bare and under holdstill. Sourced by the tests that hold the rows.
#
# A row:  BARE | ROUNDS | SHIMMED ROUNDS | MARGIN | COMMAND
# BARE    what the victim shows bare: hangs, torn, crashes, wrong: in one round at least, and the
#         first one is enough; with all before it: in every round; ok: nothing; -: not run
# MARGIN  how many ms slower the shimmed median may be than the bare one, or -
# COMMAND shell words; $rounds is the number of rounds, "$under" the launcher or nothing (env)
# Under holdstill every victim has to end well. One that bare ends with status 77 can't run here.

. "${here:?the directory of the test}/../tap.sh"
launcher=${HOLDSTILL:?the path of the launcher}
library=${LIBHOLDSTILL:?the path of the object}
sources=$(cd "${top_srcdir:-$here/../..}/tests/victims" && pwd) || exit 99
cd "${VICTIMS:?the directory of the built victims}" || exit 99
unset LD_PRELOAD HOLDSTILL_OPTIONS
limit=300 # seconds, for all rounds of a row
export sources library

count() # KEY: its number in the victim's line
{
    awk -v key="$1" '{ for (i = 1; i <= NF; i++) if (split($i, part, "=") == 2 && part[1] == key)
        value = part[2] } END { print value + 0 }' "$tmp/tap.out"
}

run() # COMMAND: with $under and $rounds set
{
    eval "timeout -k 5 $limit $1" >"$tmp/tap.out" 2>&1
    status=$?
    echo "status $status" >>"$tmp/tap.out"
    return "$status"
}

shows() # FAULT, or all FAULT
{
    found=$(count "$(key_of "${1#all }")")
    case $1 in
    ok) [ "$status" -eq 0 ] && return ;;
    all*) [ "$found" -eq "$(count of)" ] && [ "$found" -gt 0 ] && return ;;
    *) [ "$found" -gt 0 ] && return ;;
    esac
    echo "expected: $1" >>"$tmp/tap.out"
    return 1
}

key_of() # FAULT: how victims count it
{
    case $1 in
    hangs) echo hung ;;
    crashes) echo crashed ;;
    *) echo "$1" ;;
    esac
}

near() # MARGIN BARE_US: the median of this run is at most so many ms longer
{
    [ "$1" = - ] && return
    echo "bare: $2 us, margin: $1 ms" >>"$tmp/tap.out"
    [ "$(count median_us)" -le "$(($2 + $1 * 1000))" ]
}

run_bare() # FAULT ROUNDS COMMAND NAME: fails if it can't run here
{
    under=env rounds=$2
    # hung children are the point here: few of them, and none is to be waited for long
    case $1 in
    ok) ;;
    all*) VICTIM_LIMIT_MS=500 VICTIM_HUNG=$2 ;;
    *) VICTIM_LIMIT_MS=500 VICTIM_UNTIL=$(key_of "$1") ;;
    esac
    export under rounds VICTIM_LIMIT_MS VICTIM_HUNG VICTIM_UNTIL
    run "$3"
    unset VICTIM_LIMIT_MS VICTIM_HUNG VICTIM_UNTIL
    if [ "$status" -eq 77 ]; then
        skip "$4" 'not on this system'
        return 1
    fi
    shows "$1"
    tap_point $? "bare: $1: $4"
}

run_shimmed() # MARGIN BARE_US ROUNDS COMMAND NAME
{
    under=$launcher rounds=$3
    export under rounds
    run "$4"
    if [ "$status" -eq 77 ] && under='env' && ! run "$4" && [ "$status" -eq 77 ]; then
        skip "$5" 'not on this system'
        return
    fi
    [ "$under" = "$launcher" ] && [ "$status" -eq 0 ] && near "$1" "$2"
    tap_point $? "holdstill: $5"
}

# The command as it is to be read: no quotes, no variables.
name_of() # COMMAND
{
    # shellcheck disable=SC2016 # the dollars are meant
    echo "$1" | sed -e 's/"\$sources\/\([^"]*\)"/\1/' -e 's/"\$[a-z]*" *//g' \
        -e 's/\$rounds *//' -e 's|/[^ :]*/||g' -e 's/^ *//' -e 's/ *$//'
}

run_rows() # standard input: rows; empty lines and those that begin with # are left out
{
    unset VICTIM_LIMIT_MS VICTIM_HUNG VICTIM_UNTIL
    while IFS='|' read -r fault bare_rounds shimmed_rounds margin command <&3; do
        case $fault in
        '' | \#*) continue ;;
        esac
        fault=${fault%"${fault##*[! ]}"}
        name=$(name_of "$command")
        # the numbers have blanks around them
        # shellcheck disable=SC2086
        set -- $bare_rounds $shimmed_rounds $margin
        [ "$fault" = - ] || run_bare "$fault" "$1" "$command" "$name" || continue
        run_shimmed "$3" "$(count median_us)" "$2" "$command" "$name"
    done 3<&0 </dev/null
}

# Rows for each name that a victim lists. Standard input: FAULT | BARE ROUNDS | NAME..., the first
# line that has the name counts, * is all of them.
rows_of() # SHIMMED ROUNDS VICTIM [ARGUMENT...]: * is the name
{
    shimmed=$1
    shift
    cat >"$tmp/faults"
    for name in $("./$1" list); do
        awk -v name="$name" -v shimmed="$shimmed" -v command="$*" -F '|' '
            { count = split($3, names, " ")
              for (i = 1; i <= count; i++) if (names[i] == name || names[i] == "*") {
                  sub(/\*/, name, command)
                  print $1 "|" $2 "|" shimmed "| - | \"$under\" ./" command " $rounds"
                  exit
              } }' "$tmp/faults"
    done
}
