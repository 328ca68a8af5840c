/* cstorm-kafka-components: the spout and the bolt of Kafka as a program, for topologies that are files. */
#include <cstorm.h>
#include <cstorm/kafka.h>

static const struct storm_topology components = {
	.name = "kafka-components",
	.summary =
		"the spout and the bolt of Kafka, for the commands of a topology in YAML or JSON",
	.spouts = STORM_SPOUTS({ .name = "spout", .spout_class = &storm_kafka_spout }),
	.bolts = STORM_BOLTS({ .name = "bolt", .bolt_class = &storm_kafka_bolt }),
};

int main(int argc, char **argv)
{
	return storm_main(&components, argc, argv);
}
