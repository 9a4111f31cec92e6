/*
 * What reports are made of: any text becomes a string of JSON, and no room is exceeded. The input: how
 * much room there is, a text.
 */
#include "base/out.h"

#include "base/sink.c"
#include "fuzz.h"

static int utf8_size(const unsigned char *t)
{
    static const struct {
        unsigned char low, high, second_low, second_high, size;
    } forms[] = {{0x20, 0x7e, 0, 0, 1},         {0xc2, 0xdf, 0x80, 0xbf, 2},
                 {0xe0, 0xe0, 0xa0, 0xbf, 3},   {0xe1, 0xec, 0x80, 0xbf, 3},
                 {0xed, 0xed, 0x80, 0x9f, 3},   {0xee, 0xef, 0x80, 0xbf, 3},
                 {0xf0, 0xf0, 0x90, 0xbf, 4},   {0xf1, 0xf3, 0x80, 0xbf, 4},
                 {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        int size = forms[i].size;
        if (t[0] < forms[i].low || t[0] > forms[i].high)
            continue;
        if (size > 1 && (t[1] < forms[i].second_low || t[1] > forms[i].second_high))
            return 0;
        for (int more = 2; more < size; more++)
            if (t[more] < 0x80 || t[more] > 0xbf)
                return 0;
        return size;
    }
    return 0;
}

static void is_json(const unsigned char *t)
{
    REQUIRE(*t++ == '"', "%s", "no quote at its begin");
    while (*t != '"') {
        int escaped = *t == '\\';
        t += escaped;
        REQUIRE(!escaped || *t == '"' || *t == '\\', "an escape of %d", *t);
        REQUIRE(utf8_size(t), "byte %d", *t);
        t += utf8_size(t);
    }
    REQUIRE(!t[1], "%s", "text behind its end");
}

/* Exactly so much memory, for the sanitizer to guard. */
static void in_room(const char *text, size_t room)
{
    struct out o = {malloc(room + 1), 0, room};
    out_string(&o, text);
    out_plain(&o, text);
    REQUIRE(o.used <= room, "%zu of %zu", o.used, room);
    free(o.text);
    char *path = malloc(room + 1);
    if (expand(text, path, room + 1))
        REQUIRE(strlen(path) < room, "%zu of %zu", strlen(path), room);
    free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    char *text = fuzz_string(data + 1, size - 1);
    struct out o = {calloc(1, 2 * size + 3), 0, 2 * size + 2};
    out_string(&o, text);
    is_json((const unsigned char *)o.text);
    free(o.text);
    in_room(text, data[0]);
    free(text);
    return 0;
}
