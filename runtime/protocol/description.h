/* What both sides of a topology's description in JSON agree on: who prints it, and who reads it. */
#ifndef PROTOCOL_DESCRIPTION_H
#define PROTOCOL_DESCRIPTION_H

#include <cstorm/topology.h>

/* It changes when an older cstorm could not read the form. */
#define DESCRIPTION_VERSION 1

#define GROUPING_COUNT (STORM_GROUPING_CUSTOM + 1)

/* The names of the groupings, by enum storm_grouping. */
extern const char *const grouping_names[GROUPING_COUNT];

#define METRIC_KIND_COUNT (STORM_TIMER + 1)

/* The names of the kinds of metrics, by enum storm_metric_kind. */
extern const char *const metric_kind_names[METRIC_KIND_COUNT];

#endif
