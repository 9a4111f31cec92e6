# The source of a stub library: assembler for the names of imports.txt that `library` has: libc,
# loader, or threads (none). It is only linked against, and never loaded; what counts are names and versions.

BEGIN { print ".section .note.GNU-stack,\"\"\n.text" }

/^#/ || NF == 0 || / weak( |$)/ { next }

library == (/ loader( |$)/ ? "loader" : "libc") {
    print ".globl " $1 "\n.type " $1 ",%" (/ data( |$)/ ? "object" : "function")
    print ".size " $1 ", 8\n" $1 ": .zero 8"
}
