/*
 * Option suppressions: a file of findings that nobody wants to hear of, a line each.
 *
 *     library:PATTERN    one of its places is in an object whose file name matches
 *     symbol:PATTERN     ... in a symbol that matches
 *
 * * in a pattern stands for any text; what follows # is a comment. At most 64 KiB are read.
 */
#ifndef HOLDSTILL_SUPPRESS_H
#define HOLDSTILL_SUPPRESS_H

#include "finding.h"

/* Reads the file. What is wrong with it is one line on stderr. */
void suppress_start(void);

int suppress_matches(const struct finding_places *places);

#endif
