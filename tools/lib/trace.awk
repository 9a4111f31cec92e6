# Events of a trace of Holdstill, one a line, for the scripts that read it: used with another -f.

# The text of a member, "" if there is none; quotes and backslashes in it are as they were.
function text_of(line, member,    at, i, c, text)
{
    at = index(line, "\"" member "\":\"")
    if (!at)
        return ""
    text = ""
    for (i = at + length(member) + 4; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (c == "\"")
            break
        if (c == "\\")
            c = substr(line, ++i, 1)
        text = text c
    }
    return text
}

# So many digits are exact, and no more of them: what is calculated from any two remains a number.
function number_of(line, member,    at, digits)
{
    at = index(line, "\"" member "\":")
    digits = at ? substr(line, at + length(member) + 3, 15) : ""
    sub(/[^0-9].*/, "", digits)
    return digits + 0
}

# The arguments come last, and have a "name" of their own.
function arguments_of(line,    at)
{
    at = index(line, ",\"args\":{")
    return at ? substr(line, at + 8) : ""
}

/^\{"name":/ {
    arguments = arguments_of($0)
    event = text_of($0, "name")
    phase = text_of($0, "ph")
    began = number_of($0, "ts")
    lasted = number_of($0, "dur")
    pid = number_of($0, "pid")
    tid = number_of($0, "tid")
    place = text_of(arguments, "place")
    word = phase == "M" ? text_of(arguments, "name") : text_of(arguments, "what")
    if (phase == "M" && word != "")
        name_of[pid, tid] = word
    if (!events++ || began < first)
        first = began
    if (began + lasted > last)
        last = began + lasted
    take()
}

END {
    if (!events) {
        print "holdstill: no events in " FILENAME > "/dev/stderr"
        failed = 1
        exit 1
    }
}
