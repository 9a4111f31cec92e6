/*
 * One line on stderr (or to a file), built of pieces without malloc, stdio or locale, written by
 * one write(2): async-signal-safe, errno kept.
 *
 *     say("option ", name, " = ", say_number(3));
 */
#ifndef HOLDSTILL_SAY_H
#define HOLDSTILL_SAY_H

#include <stddef.h>
#include <stdint.h>

struct piece {
    const char *text; /* NULL: the number */
    size_t size;
    int64_t number;
};

struct piece say_text(const char *text, size_t size);
struct piece say_number(int64_t number);
static inline struct piece say_piece(struct piece p) { return p; }
struct piece say_string(const char *text);

#define SAY_ONE(x) _Generic((x), struct piece: say_piece, default: say_string)(x)

#define SAY_1(a) SAY_ONE(a)
#define SAY_2(a, ...) SAY_ONE(a), SAY_1(__VA_ARGS__)
#define SAY_3(a, ...) SAY_ONE(a), SAY_2(__VA_ARGS__)
#define SAY_4(a, ...) SAY_ONE(a), SAY_3(__VA_ARGS__)
#define SAY_5(a, ...) SAY_ONE(a), SAY_4(__VA_ARGS__)
#define SAY_6(a, ...) SAY_ONE(a), SAY_5(__VA_ARGS__)
#define SAY_7(a, ...) SAY_ONE(a), SAY_6(__VA_ARGS__)
#define SAY_8(a, ...) SAY_ONE(a), SAY_7(__VA_ARGS__)
#define SAY_9(a, ...) SAY_ONE(a), SAY_8(__VA_ARGS__)
#define SAY_PICK(a, b, c, d, e, f, g, h, i, name, ...) name
#define SAY_PIECES(...)                                                                        \
    SAY_PICK(__VA_ARGS__, SAY_9, SAY_8, SAY_7, SAY_6, SAY_5, SAY_4, SAY_3, SAY_2, SAY_1, )     \
    (__VA_ARGS__)

/* The line is prefixed "holdstill: " and cut at 500 bytes; control bytes become '?'. */
void say_pieces(int fd, const struct piece *pieces, size_t count);

#define say_to(fd, ...)                                                                         \
    say_pieces(fd, (const struct piece[]){SAY_PIECES(__VA_ARGS__)},                             \
               sizeof((const struct piece[]){SAY_PIECES(__VA_ARGS__)}) / sizeof(struct piece))
#define say(...) say_to(2, __VA_ARGS__)

#endif
