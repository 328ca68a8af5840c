/* The program of the ready-made components. */
#ifndef TOOL_READY_H
#define TOOL_READY_H

#include <limits.h>

/* Its path: beside this program, or its name alone, for PATH. Into `path`, of PATH_MAX bytes. */
void ready_program(char *path);

#endif
