# Puts files and lines, as addr2line knows them, behind the places in a report of Holdstill for people.

function quoted(text)
{
    gsub(/'/, "'\\''", text)
    return "'" text "'"
}

function hexadecimal(number,    text)
{
    for (text = ""; number > 0; number = int(number / 16))
        text = substr("0123456789abcdef", number % 16 + 1, 1) text
    return text == "" ? "0" : text
}

function value_of(digits,    i, value)
{
    for (i = 1; i <= length(digits); i++)
        value = value * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
    return value
}

# " [FILE:LINE]", or nothing if it isn't known.
function line_at(path, digits,    command, line)
{
    command = "addr2line -e " quoted(path) " 0x" digits " 2>/dev/null"
    if (!(command in known)) {
        line = ""
        command | getline line
        close(command)
        sub(/ \(discriminator [0-9]+\)$/, "", line)
        known[command] = line == "" || line ~ /^\?\?|:[0?]$/ ? "" : " [" line "]"
    }
    return known[command]
}

# A return address belongs to the call before it; a routine or a lock is named by its own address.
function is_return_address(before) { return before ~ / at $/ }

function with_lines(text,    done, place, name, digits)
{
    done = ""
    while (match(text, /[^ ]+\+0x[0-9a-f]+( \([^ ()]*\))?/)) {
        place = substr(text, RSTART, RLENGTH)
        done = done substr(text, 1, RSTART - 1)
        text = substr(text, RSTART + RLENGTH)
        name = place
        sub(/\+0x.*/, "", name)
        digits = substr(place, length(name) + 4)
        sub(/ .*/, "", digits)
        if (is_return_address(done))
            digits = hexadecimal(value_of(digits) - 1)
        done = done place ((name in path_of) ? line_at(path_of[name], digits) : "")
    }
    return done text
}

# A line is of the report that ends next: that one says where its objects are.
function flush(    i)
{
    for (i = 1; i <= lines; i++)
        print with_lines(line[i])
    lines = 0
    objects = 0
    split("", path_of)
}

/^holdstill:   object [^ ]+: / {
    path = $0
    sub(/^holdstill:   object [^ ]+: /, "", path)
    if (path !~ /[[:cntrl:]]/) # a zero would end the shell's command in its middle
        path_of[substr($3, 1, length($3) - 1)] = path
    objects = 1
}

objects && !/^holdstill:   object / { flush() }

{ line[++lines] = $0 }

END { flush() }
