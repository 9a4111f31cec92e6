/* a tool: runs a command in which some system calls fail */
/*
 *   without CALLS COMMAND [ARGUMENT...]      see without.h
 *
 * Status 77: this kernel has no such filters.
 */
#include "without.h"

int main(int argc, char **argv)
{
    if (argc < 3)
        return 99;
    fail_calls(argv[1]);
    execvp(argv[2], argv + 2);
    die(argv[2]);
}
