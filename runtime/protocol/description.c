/* The names in a topology's description. */
#include "protocol/description.h"

const char *const grouping_names[GROUPING_COUNT] = {
	[STORM_GROUPING_NONE] = "none",
	[STORM_GROUPING_SHUFFLE] = "shuffle",
	[STORM_GROUPING_LOCAL_OR_SHUFFLE] = "local-or-shuffle",
	[STORM_GROUPING_FIELDS] = "fields",
	[STORM_GROUPING_ALL] = "all",
	[STORM_GROUPING_GLOBAL] = "global",
	[STORM_GROUPING_DIRECT] = "direct",
	[STORM_GROUPING_CUSTOM] = "custom",
};

const char *const metric_kind_names[METRIC_KIND_COUNT] = {
	[STORM_COUNTER] = "counter",
	[STORM_GAUGE] = "gauge",
	[STORM_TIMER] = "timer",
};
