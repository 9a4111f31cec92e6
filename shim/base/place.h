/*
 * What lies where: the loaded objects by address. Takes no lock and allocates nothing. What describes
 * an address looks into its object, which must not be unloaded meanwhile.
 */
#ifndef HOLDSTILL_PLACE_H
#define HOLDSTILL_PLACE_H

#include <link.h>
#include <stddef.h>
#include <stdint.h>

/* The object that holds this address, if any does. */
const struct link_map *place_object(const void *address);

/* Its file name, without directories; "" for the program and for no object. */
const char *place_object_name(const void *address);

/* The same as people read it, "program" for that; its path, for which the caller has room. */
enum { PLACE_PATH = 512 };
const char *place_name(const struct link_map *map);
const char *place_path(const struct link_map *map, char room[PLACE_PATH]);

/* Where the code of the object that holds this address is; begin == end: unknown. */
struct place_code {
    uintptr_t begin, end;
};
struct place_code place_code_of(const void *address);

/* Is it in the part of its object that is written to? */
int place_is_writable(const void *address);

/* For people: "object+0x123 (symbol)", cut to fit; in no object, the address alone. */
struct place_text {
    char text[160];
};
struct place_text place_describe(const void *address);

/*
 * Would dlopen(file) look where only the object that holds `caller` tells it to (DT_RUNPATH,
 * DT_RPATH, $ORIGIN)?
 */
int place_search_depends_on(const void *caller, const char *file);

#endif
