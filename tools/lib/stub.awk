# The source of a stub for libc: assembler for the names of imports.txt. It is only linked against, and
# never loaded; what counts are names and versions.

BEGIN { print ".section .note.GNU-stack,\"\"\n.text" }

/^#/ || NF == 0 || / weak( |$)/ { next }

{
    print ".globl " $1 "\n.type " $1 ",%" (/ data( |$)/ ? "object" : "function")
    print ".size " $1 ", 8\n" $1 ": .zero 8"
}
