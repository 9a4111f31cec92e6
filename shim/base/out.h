/* Text in memory that is written at once, for people or as JSON. No malloc, no stdio, no locale. */
#ifndef HOLDSTILL_OUT_H
#define HOLDSTILL_OUT_H

#include <stddef.h>
#include <stdint.h>

/* What doesn't fit is left out. */
struct out {
    char *text;
    size_t used, room;
};

void out_bytes(struct out *o, const char *text, size_t size);
void out_text(struct out *o, const char *text);
void out_number(struct out *o, int64_t number);

/* Control bytes become '?'. */
void out_plain_bytes(struct out *o, const char *text, size_t size);
void out_plain(struct out *o, const char *text);

/* A JSON string with its quotes. What isn't UTF-8 becomes '?'. */
void out_string(struct out *o, const char *text);

/* "name":  */
void out_key(struct out *o, const char *name);

#endif
