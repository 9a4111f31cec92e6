/*
 * The functions of <string.h> that the shim uses, and those that the compiler calls by itself, for our
 * own calls only. A sanitizer or another preload may stand in front of libc's, and not be awake when
 * its first step is a door of ours; nor may it be called in a thread that libc doesn't know.
 */
#include <stdint.h>
#include <string.h>

/* Else a compiler may take a loop for the very function that it is in, and call that. */
#define NO_IDIOM __asm__("")

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        NO_IDIOM;
        ((char *)to)[i] = ((const char *)from)[i];
    }
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        NO_IDIOM;
        ((char *)to)[i] = (char)byte;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < size; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}

void *memchr(const void *text, int byte, size_t size)
{
    const unsigned char *t = text;
    for (size_t i = 0; i < size; i++)
        if (t[i] == (unsigned char)byte)
            return (void *)(uintptr_t)&t[i];
    return NULL;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length]) {
        NO_IDIOM;
        length++;
    }
    return length;
}

int strncmp(const char *a, const char *b, size_t size)
{
    const unsigned char *x = (const unsigned char *)a, *y = (const unsigned char *)b;
    for (size_t i = 0; i < size; i++)
        if (x[i] != y[i] || !x[i])
            return x[i] - y[i];
    return 0;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

char *strchr(const char *text, int byte)
{
    for (; *text != (char)byte; text++)
        if (!*text)
            return NULL;
    return (char *)(uintptr_t)text;
}

char *strrchr(const char *text, int byte)
{
    const char *last = NULL;
    for (; (text = strchr(text, byte)); text++) {
        last = text;
        if (!*text)
            break;
    }
    return (char *)(uintptr_t)last;
}

size_t strcspn(const char *text, const char *any)
{
    size_t length = 0;
    while (text[length] && !strchr(any, text[length]))
        length++;
    return length;
}

size_t strspn(const char *text, const char *any)
{
    size_t length = 0;
    while (text[length] && strchr(any, text[length]))
        length++;
    return length;
}

char *strstr(const char *text, const char *part)
{
    const size_t size = strlen(part);
    for (; strncmp(text, part, size) != 0; text++)
        if (!*text)
            return NULL;
    return (char *)(uintptr_t)text;
}

char *strcpy(char *restrict to, const char *restrict from) { return memcpy(to, from, strlen(from) + 1); }
