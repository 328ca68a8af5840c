/* Components of Kafka for the tests. */
#include <cstorm.h>
#include <cstorm/kafka.h>

static const struct storm_topology topology = {
	.name = "kafka_ways",
	.spouts = STORM_SPOUTS({ .name = "messages", .spout_class = &storm_kafka_spout },
		{
			.name = "whole",
			.spout_class = &storm_kafka_spout,
			.outputs = STORM_FIELDS("key", "value", "topic", "partition", "offset",
				"timestamp", "headers"),
		},
		{ .name = "kafka", .spout_class = &storm_kafka_spout }),
	.bolts = STORM_BOLTS({ .name = "producer", .bolt_class = &storm_kafka_bolt }),
};

int main(int argc, char **argv)
{
	return storm_main(&topology, argc, argv);
}
