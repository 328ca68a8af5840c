/* cstorm-components: the ready-made components as a program, for topologies that are files. */
#include <stdio.h>
#include <string.h>

#include <cstorm.h>

#include "components.h"

static const struct storm_topology components = {
	.name = "components",
	.summary = "the ready-made components, for the commands of a topology in YAML or JSON",
	.spouts = STORM_SPOUTS({ .name = "lines", .spout_class = &storm_lines_spout }),
	.bolts = STORM_BOLTS({ .name = "split", .bolt_class = &storm_split_bolt },
		{ .name = "count", .bolt_class = &storm_count_bolt },
		{ .name = "urlparse", .bolt_class = &storm_urlparse_bolt },
		{ .name = "table", .bolt_class = &storm_table_bolt },
		{ .name = "write", .bolt_class = &storm_write_bolt }),
};

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "feed") == 0)
		return feed_main(argv[2]);
	if (argc == 3 && strcmp(argv[1], "collect") == 0)
		return collect_main(argv[2]);
	return storm_main(&components, argc, argv);
}
