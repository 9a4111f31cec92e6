# shim/base/options.def as rows for the launcher, FLAG:NAME:TYPE:DEFAULT:LIMIT:HELP; the help comes
# last, for it may hold colons. LIMIT is the maximum of a number, the choices of a choice.

# The arguments of a macro call, quotes taken off, in field[1..]; their number.
function arguments(text,    i, c, quoted, n)
{
    n = 1
    field[1] = ""
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\"")
            quoted = !quoted
        else if (c == "," && !quoted)
            field[++n] = ""
        else if (c != " " || field[n] != "")
            field[n] = field[n] c
    }
    return n
}

/^OPTION_[A-Z]+\(.*\)$/ {
    type = substr($0, 8, index($0, "(") - 8)
    n = arguments(substr($0, index($0, "(") + 1, length($0) - index($0, "(") - 1))
    flag = field[1]
    gsub(/_/, "-", flag)
    if (n != (type == "TEXT" ? 3 : 4)) {
        print FILENAME ":" FNR ": not an option: " $0 > "/dev/stderr"
        exit 1
    }
    help = field[n]
    gsub(/'/, "'\\''", help)
    print flag ":" field[1] ":" type ":" field[2] ":" (n == 4 ? field[3] : "") ":" help
}
