# The end of a process as a picture (SVG): threads as rows, what became of each, and the exit handlers.
# After trace.awk. Of several processes the one that had most to do at its end.

function take()
{
    if (event == "thread" && phase == "B")
        thread_began[pid, tid] = began
    if (event == "thread" && phase == "E")
        thread_ended[pid, tid] = began
    if (event == "exit" || event == "exit handler" || event == "joining" || event == "end") {
        weight[pid]++
        ends[pid] = began + lasted
    }
    if (phase == "X" && (event == "joining" || event == "awaiting stillness" || event == "exit handler"))
        add_block(event == "exit handler" ? place : event, event)
    if (event == "joining")
        exiter[pid] = tid
    if (event == "exit") {
        rows[pid]++
        row_tid[pid, rows[pid]] = tid
        row_fate[pid, rows[pid]] = word
        row_place[pid, rows[pid]] = place
        row_at[pid, rows[pid]] = began
    }
}

function add_block(text, kind)
{
    blocks[pid]++
    block_text[pid, blocks[pid]] = text
    block_kind[pid, blocks[pid]] = kind
    block_at[pid, blocks[pid]] = began
    block_us[pid, blocks[pid]] = lasted
}

function escaped(text)
{
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    return text
}

function x_of(us) { return left + (us - from) * scale }

function box(at, us, row, colour, title)
{
    printf "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"18\" fill=\"%s\" stroke=\"#333\" stroke-width=\"0.5\">", \
        x_of(at), top + row * 28, us * scale < 2 ? 2 : us * scale, colour
    printf "<title>%s: %.3f ms</title></rect>\n", escaped(title), us / 1000
}

function label(x, row, text, anchor)
{
    printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", x, top + row * 28 + 13, anchor, escaped(text)
}

# A tick about every tenth of the width, at a round number of ms.
function axis(count,    step, at, span)
{
    span = (to - from) / 1000
    step = 0.001
    while (span / step > 12)
        step = step * 10
    if (span / step < 3)
        step = step / 5
    for (at = 0; at <= span; at += step) {
        printf "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#ddd\"/>\n", \
            x_of(from + at * 1000), top - 8, x_of(from + at * 1000), top + count * 28
        printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g ms</text>\n", x_of(from + at * 1000), top - 12, at
    }
}

# Where a text beside a block still fits without running into the next one.
function exit_row(p,    i, colour, x)
{
    label(left - 8, 0, name_of[p, exiter[p]] " (" exiter[p] ") exits", "end")
    for (i = 1; i <= blocks[p]; i++) {
        colour = block_kind[p, i] == "exit handler" ? "#f4a261" : block_kind[p, i] == "joining" ? "#8ecae6" : "#bde0fe"
        box(block_at[p, i], block_us[p, i], 0, colour, block_text[p, i])
    }
}

# A thread that was still may have been let go, and have ended, while a handler waited.
function thread_row(p, i, row,    key, fate, begins, rests)
{
    key = p SUBSEP row_tid[p, i]
    fate = row_fate[p, i]
    begins = (key in thread_began) && thread_began[key] > from ? thread_began[key] : from
    label(left - 8, row, name_of[key] " (" row_tid[p, i] ")", "end")
    if (fate == "joined") {
        box(begins, ((key in thread_ended) ? thread_ended[key] : row_at[p, i]) - begins, row, "#95d5b2", "at work, then joined")
        return
    }
    box(begins, row_at[p, i] - begins, row, "#95d5b2", "runs")
    rests = ((key in thread_ended) && thread_ended[key] >= row_at[p, i] ? thread_ended[key] : to) - row_at[p, i]
    box(row_at[p, i], rests, row, fate == "still" ? "#ced4da" : "#e63946", fate " " row_place[p, i])
    label(x_of(row_at[p, i]) + 4, row, fate (row_place[p, i] == "" ? "" : " at " row_place[p, i]), "start")
}

function legend(y,    i, n, names, colours, x)
{
    n = split("waits for threads at work|awaits stillness|exit handler|runs, or joined|still|runs on", names, "|")
    split("#8ecae6 #bde0fe #f4a261 #95d5b2 #ced4da #e63946", colours, " ")
    x = left
    for (i = 1; i <= n; i++) {
        printf "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", x, y, colours[i]
        printf "<text x=\"%d\" y=\"%d\">%s</text>\n", x + 16, y + 10, names[i]
        x += 32 + 7 * length(names[i])
    }
}

function handler_rows(p, row,    i, n)
{
    for (i = 1; i <= blocks[p] && n < 20; i++) {
        if (block_kind[p, i] != "exit handler")
            continue
        n++
        label(left - 8, row, block_text[p, i], "end")
        box(block_at[p, i], block_us[p, i], row, "#f4a261", block_text[p, i])
        label(x_of(block_at[p, i] + block_us[p, i]) + 6, row, sprintf("%.3f ms", block_us[p, i] / 1000), \
            "start")
        row++
    }
    return row
}

function widest(p,    i, width)
{
    width = length(name_of[p, exiter[p]]) + 20
    for (i = 1; i <= blocks[p]; i++)
        if (block_kind[p, i] == "exit handler" && length(block_text[p, i]) > width)
            width = length(block_text[p, i])
    return width
}

function draw(p,    i, row, handlers, count)
{
    from = block_at[p, 1]
    to = ends[p] > from ? ends[p] : from + 1
    left = 20 + 8 * widest(p)
    scale = 900 / (to - from)
    top = 70
    for (i = 1; i <= blocks[p]; i++)
        handlers += block_kind[p, i] == "exit handler"
    count = 1 + (handlers < 20 ? handlers : 20) + rows[p]
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", \
        left + 900 + 110, top + count * 28 + 40
    print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    printf "<text x=\"16\" y=\"24\" font-size=\"16\">The end of process %d (%s)</text>\n", p, escaped(name_of[p, p])
    axis(count)
    exit_row(p)
    row = handler_rows(p, 1)
    for (i = 1; i <= rows[p]; i++)
        thread_row(p, i, row++)
    legend(top + count * 28 + 14)
    print "</svg>"
}

END {
    if (failed)
        exit 1
    best = 0
    for (p in weight)
        if (blocks[p] && (!best || weight[p] > weight[best] || (weight[p] == weight[best] && p < best)))
            best = p
    if (!best) {
        print "holdstill: no exit in " FILENAME > "/dev/stderr"
        exit 1
    }
    draw(best)
}
