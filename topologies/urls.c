/*
 * URLs: lines or Kafka in, the parts of each URL out, as lines or to Kafka.
 *
 * The configuration chooses: `-o source.use=kafka -o sink.use=kafka`.
 */
#include <cstorm.h>
#include <cstorm/kafka.h>

static const struct storm_topology urls = {
	.name = "urls",
	.summary = "the parts of URLs, from lines or Kafka, to lines or Kafka",
	.spouts = STORM_SPOUTS({
		.name = "source",
		.choices = STORM_CHOICES({ "lines", .spout_class = &storm_lines_spout },
			{ "kafka", .spout_class = &storm_kafka_spout }),
		.outputs = STORM_FIELDS("url"),
	}),
	.bolts = STORM_BOLTS(
		{
			.name = "urlparse",
			.bolt_class = &storm_urlparse_bolt,
			.parallelism = 4,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("source")),
		},
		{
			.name = "sink",
			.choices = STORM_CHOICES({ "lines", .bolt_class = &storm_write_bolt },
				{ "kafka", .bolt_class = &storm_kafka_bolt }),
			.inputs = STORM_INPUTS(STORM_SHUFFLE("urlparse")),
			.config = STORM_CONFIG({ "sink.format", "json" }),
		}),
	.config = STORM_CONFIG({ "topology.max.spout.pending", "2000" }),
};

int main(int argc, char **argv)
{
	return storm_main(&urls, argc, argv);
}
