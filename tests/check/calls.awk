# FILE:LINE NAME for each direct call of a name of symbols.def, read first, in C files: NAME( on an
# indented line, unless it is a member (libc.NAME). Lines that begin in column 1 declare or define.
# Comments and strings don't count.

FNR == 1 { comment = 0 }

/^SYMBOL\(/ {
    name = $0
    sub(/^SYMBOL\(/, "", name)
    sub(/,.*/, "", name)
    known[name] = 1
}

FILENAME ~ /\.def$/ { next }

{
    line = $0
    gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
    while (1) {
        if (comment) {
            if (!(end = index(line, "*/")))
                next
            line = substr(line, end + 2)
            comment = 0
        }
        sub(/\/\/.*/, "", line)
        if (!(start = index(line, "/*")))
            break
        rest = substr(line, start + 2)
        if (end = index(rest, "*/"))
            line = substr(line, 1, start - 1) " " substr(rest, end + 2)
        else {
            line = substr(line, 1, start - 1)
            comment = 1
            break
        }
    }
    if (line !~ /^[ \t]/ && line !~ /\{.*\}/)
        next
    definition = line !~ /^[ \t]/
    while (match(line, /[A-Za-z_][A-Za-z_0-9]*[ \t]*\(/)) {
        before = substr(line, 1, RSTART - 1)
        name = substr(line, RSTART, RLENGTH - 1)
        sub(/[ \t]+$/, "", name)
        if (name in known && !definition && before !~ /(\.|->)[ \t]*$/)
            print FILENAME ":" FNR " " name
        definition = 0
        line = substr(line, RSTART + RLENGTH)
    }
}
