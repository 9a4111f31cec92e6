#include "out.h"

#include <string.h>

void out_bytes(struct out *o, const char *text, size_t size)
{
    size_t left = o->room - o->used, count = size < left ? size : left;
    memcpy(o->text + o->used, text, count);
    o->used += count;
}

void out_text(struct out *o, const char *text) { out_bytes(o, text, strlen(text)); }

void out_number(struct out *o, int64_t number)
{
    char digits[24];
    size_t i = sizeof digits;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do
        digits[--i] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        digits[--i] = '-';
    out_bytes(o, digits + i, sizeof digits - i);
}

static int is_control(char c) { return (unsigned char)c < ' ' || c == 127; }

void out_plain_bytes(struct out *o, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out_bytes(o, is_control(text[i]) ? "?" : &text[i], 1);
}

void out_plain(struct out *o, const char *text) { out_plain_bytes(o, text, strlen(text)); }

/* How many bytes a character of UTF-8 takes here; 0: it is none. */
static size_t character(const char *text)
{
    const unsigned char *t = (const unsigned char *)text;
    size_t size = *t < 0x80 ? 1 : *t < 0xc2 ? 0 : *t < 0xe0 ? 2 : *t < 0xf0 ? 3 : *t < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < size; i++)
        if ((t[i] & 0xc0) != 0x80)
            return 0;
    if ((*t == 0xe0 && t[1] < 0xa0) || (*t == 0xed && t[1] > 0x9f) ||
        (*t == 0xf0 && t[1] < 0x90) || (*t == 0xf4 && t[1] > 0x8f))
        return 0; /* too long a form, a surrogate, beyond the last */
    return size;
}

void out_string(struct out *o, const char *text)
{
    out_text(o, "\"");
    while (*text) {
        size_t size = is_control(*text) ? 0 : character(text);
        if (size == 1 && (*text == '"' || *text == '\\'))
            out_text(o, "\\");
        out_bytes(o, size ? text : "?", size ? size : 1);
        text += size ? size : 1;
    }
    out_text(o, "\"");
}

void out_key(struct out *o, const char *name)
{
    out_text(o, "\"");
    out_text(o, name);
    out_text(o, "\":");
}
