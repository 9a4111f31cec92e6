# The longest waits, the exit handlers and the forks of a trace. After trace.awk.

function ms(us) { return sprintf("%10.3f ms", us / 1000) }

function thread(pid, tid)
{
    return name_of[pid, tid] (pid == tid ? " (" pid ")" : " (" pid ", thread " tid ")")
}

function take()
{
    if (!(pid in seen)) {
        seen[pid]
        processes++
    }
    if (phase != "X" || event == "fork")
        return
    if (event == "coming to rest")
        rest[++rests] = lasted
    if (event == "exit handler") {
        handlers++
        handler_us[handlers] = lasted
        handler_text[handlers] = place
        handler_pid[handlers] = pid
        return
    }
    waits++
    wait_us[waits] = lasted
    wait_text[waits] = event
    wait_pid[waits] = pid
    wait_tid[waits] = tid
}

# The index of the largest that is left, which is taken out; 0: none.
function largest(us, count,    i, best)
{
    best = 0
    for (i = 1; i <= count; i++)
        if ((i in us) && (!best || us[i] > us[best]))
            best = i
    return best
}

function waits_by_length(    i, n)
{
    print "Longest waits:"
    for (n = 0; n < 10 && (i = largest(wait_us, waits)); n++) {
        printf "%s  %-20s %s\n", ms(wait_us[i]), wait_text[i], thread(wait_pid[i], wait_tid[i])
        delete wait_us[i]
    }
}

function handlers_by_length(    i, n)
{
    print "Longest exit handlers:"
    for (n = 0; n < 10 && (i = largest(handler_us, handlers)); n++) {
        printf "%s  %s in %s\n", ms(handler_us[i]), handler_text[i], thread(handler_pid[i], handler_pid[i])
        delete handler_us[i]
    }
}

function forks(    i, n, worst, median)
{
    for (n = 1; i = largest(rest, rests); n++) {
        if (n == 1)
            worst = rest[i]
        if (n <= (rests + 1) / 2)
            median = rest[i]
        delete rest[i]
    }
    printf "Forks: %d, to rest in %.3f ms (median), %.3f ms at worst\n", rests, median / 1000, worst / 1000
}

END {
    if (failed)
        exit 1
    printf "%d events of %d process%s, %.3f s\n", events, processes, processes == 1 ? "" : "es", (last - first) / 1e6
    if (waits)
        waits_by_length()
    if (handlers)
        handlers_by_length()
    if (rests)
        forks()
}
