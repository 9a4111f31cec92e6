# FILE:LINE NAME LENGTH of each function of C and C++ files, from the first line of its head to
# the brace that closes it. A function's body ends with a brace in column 1 and begins with one
# there, or at the end of a head line.

FNR == 1 { head = body = 0 }

!body && /^[A-Za-z_]/ && !/^(typedef|struct|enum|union|namespace|extern)[^(]*\{/ && !head {
    head = FNR
    text = ""
}

!body && head {
    text = text " " $0
    if ($0 ~ /^\{/ || $0 ~ /\)[^;=]*\{[ \t\\]*$/)
        body = 1
    else if ($0 ~ /[;}][ \t]*(\/\*.*\*\/|\/\/.*)?$/ || $0 ~ /^$/ || $0 ~ /^#/)
        head = 0
    next
}

body && /^\}/ {
    if (text ~ /\(/) {
        name = text
        sub(/[ \t]*\(.*/, "", name)
        sub(/.*[ \t*]/, "", name)
        print FILENAME ":" head " " name " " FNR - head + 1
    }
    head = body = 0
}
