/* Whose memory an address is in. Async-signal-safe. */
#ifndef HOLDSTILL_MAPPING_H
#define HOLDSTILL_MAPPING_H

/* MAPPING_UNKNOWN: it is there, but nobody can tell. */
enum mapping { MAPPING_NONE, MAPPING_PRIVATE, MAPPING_SHARED, MAPPING_UNKNOWN };

/* For the whole page; a page needs layout_probe. */
enum mapping mapping_of(const void *p);

#endif
