# The reasons in tests/uncovered.txt, then lcov's format: a line for each file, and what never ran.

FNR == NR {
    if (/^[^#]/) {
        key = $1 " " $2
        sub(/^[^ ]+ +[^ ]+ +/, "")
        reason[key] = $0
    }
    next
}

function fields(line) # of lcov: "DA:LINE,COUNT", "FN:LINE,NAME"
{
    sub(/^[A-Z]+:/, "", line)
    split(line, field, ",")
}

/^SF:/ {
    file = $0
    sub(/.*\/shim\//, "shim/", file)
    functions = 0
}

/^FN:/ {
    fields($0)
    begin[++functions] = field[1]
    name[functions] = field[2]
    sub(/.*[:;]/, "", name[functions]) # of a static one: FILE:NAME
}

/^DA:/ {
    fields($0)
    all[file]++
    ran[file] += field[2] > 0
    if (field[2] == 0)
        never(field[1])
}

function never(line,    i, last)
{
    last = 0
    for (i = 1; i <= functions; i++)
        if (begin[i] <= line && (!last || begin[i] > begin[last]))
            last = i
    key = file " " (last ? name[last] : "-")
    if (!(key in lines))
        order[++keys] = key
    lines[key] = lines[key] " " line
    if (!(key in reason))
        unexplained++
    used[key] = 1
}

END {
    for (file in all) {
        total += all[file]
        covered += ran[file]
        printf "%5.1f %%  %4d of %4d  %s\n", 100 * ran[file] / all[file], ran[file], all[file], file | "sort -n"
    }
    close("sort -n")
    for (i = 1; uncovered && i <= keys; i++)
        print order[i] ":" lines[order[i]] "\n    " (order[i] in reason ? reason[order[i]] : "NOT EXPLAINED")
    for (key in reason)
        if (uncovered && !(key in used))
            print "ran, or isn't there: " key
    printf "%5.1f %%  %4d of %4d  all of shim/\n", 100 * covered / total, covered, total
    printf "never ran: %d, of which no reason is in tests/uncovered.txt: %d\n", total - covered, unexplained
}
