#include "spec/config.h"

#include <stdlib.h>

enum value {
	VALUE_ANY,
	VALUE_BOOLEAN,
	VALUE_COUNT,
	VALUE_INTEGER,
	VALUE_NUMBER,
	VALUE_STRING,
};

static const char *const value_names[] = {
	[VALUE_BOOLEAN] = "true or false",
	[VALUE_COUNT] = "a whole number, at least 0",
	[VALUE_INTEGER] = "a whole number",
	[VALUE_NUMBER] = "a number",
	[VALUE_STRING] = "a string",
};

struct config_key {
	const char *name;
	enum value value;
};

/* Those of Storm 2.8 that a topology may set, and our own. */
static const struct config_key keys[] = {
	{ "cstorm.bolt.class", VALUE_STRING },
	{ "cstorm.call.timeout.secs", VALUE_NUMBER },
	{ "cstorm.cgroup", VALUE_ANY },
	{ "cstorm.change.timeout.secs", VALUE_NUMBER },
	{ "cstorm.env", VALUE_ANY },
	{ "cstorm.log.backup_count", VALUE_COUNT },
	{ "cstorm.log.file", VALUE_STRING },
	{ "cstorm.log.level", VALUE_STRING },
	{ "cstorm.log.max_bytes", VALUE_COUNT },
	{ "cstorm.log.path", VALUE_STRING },
	{ "cstorm.log.rate", VALUE_NUMBER },
	{ "cstorm.metrics", VALUE_BOOLEAN },
	{ "cstorm.metrics.interval.secs", VALUE_NUMBER },
	{ "cstorm.nice", VALUE_ANY },
	{ "cstorm.rlimits", VALUE_ANY },
	{ "cstorm.spout.rate", VALUE_NUMBER },
	{ "cstorm.spout.rest.max.millis", VALUE_NUMBER },
	{ "topology.acker.cpu.pcore.percent", VALUE_NUMBER },
	{ "topology.acker.executors", VALUE_INTEGER },
	{ "topology.acker.resources.offheap.memory.mb", VALUE_NUMBER },
	{ "topology.acker.resources.onheap.memory.mb", VALUE_NUMBER },
	{ "topology.auto-credentials", VALUE_ANY },
	{ "topology.auto.task.hooks", VALUE_ANY },
	{ "topology.backpressure.check.millis", VALUE_INTEGER },
	{ "topology.backpressure.enable", VALUE_BOOLEAN },
	{ "topology.backpressure.wait.park.microsec", VALUE_NUMBER },
	{ "topology.backpressure.wait.progressive.level1.count", VALUE_INTEGER },
	{ "topology.backpressure.wait.progressive.level2.count", VALUE_INTEGER },
	{ "topology.backpressure.wait.strategy", VALUE_STRING },
	{ "topology.batch.flush.interval.millis", VALUE_INTEGER },
	{ "topology.blobstore.map", VALUE_ANY },
	{ "topology.bolt.wait.park.microsec", VALUE_NUMBER },
	{ "topology.bolt.wait.progressive.level1.count", VALUE_INTEGER },
	{ "topology.bolt.wait.progressive.level2.count", VALUE_INTEGER },
	{ "topology.bolt.wait.progressive.level3.sleep.millis", VALUE_NUMBER },
	{ "topology.bolt.wait.strategy", VALUE_STRING },
	{ "topology.bolts.late.tuple.stream", VALUE_STRING },
	{ "topology.bolts.message.id.field.name", VALUE_STRING },
	{ "topology.bolts.tuple.timestamp.max.lag.ms", VALUE_INTEGER },
	{ "topology.bolts.watermark.event.interval.ms", VALUE_INTEGER },
	{ "topology.bolts.window.length.count", VALUE_INTEGER },
	{ "topology.bolts.window.length.duration.ms", VALUE_INTEGER },
	{ "topology.bolts.window.sliding.interval.count", VALUE_INTEGER },
	{ "topology.bolts.window.sliding.interval.duration.ms", VALUE_INTEGER },
	{ "topology.builtin.metrics.bucket.size.secs", VALUE_INTEGER },
	{ "topology.classpath", VALUE_ANY },
	{ "topology.classpath.beginning", VALUE_ANY },
	{ "topology.component.cpu.pcore.percent", VALUE_NUMBER },
	{ "topology.component.resources.map", VALUE_ANY },
	{ "topology.component.resources.offheap.memory.mb", VALUE_NUMBER },
	{ "topology.component.resources.onheap.memory.mb", VALUE_NUMBER },
	{ "topology.debug", VALUE_BOOLEAN },
	{ "topology.disable.loadaware.messaging", VALUE_BOOLEAN },
	{ "topology.enable.message.timeouts", VALUE_BOOLEAN },
	{ "topology.enable.send.iconnection.metrics", VALUE_BOOLEAN },
	{ "topology.enable.v2.metrics.tick", VALUE_BOOLEAN },
	{ "topology.environment", VALUE_ANY },
	{ "topology.error.throttle.interval.secs", VALUE_INTEGER },
	{ "topology.event.logger.register", VALUE_ANY },
	{ "topology.eventlogger.executors", VALUE_INTEGER },
	{ "topology.eventlogger.max.retained.files", VALUE_INTEGER },
	{ "topology.eventlogger.rotation.size.mb", VALUE_INTEGER },
	{ "topology.executor.overflow.limit", VALUE_INTEGER },
	{ "topology.executor.receive.buffer.size", VALUE_INTEGER },
	{ "topology.fall.back.on.java.serialization", VALUE_BOOLEAN },
	{ "topology.groups", VALUE_ANY },
	{ "topology.isolate.machines", VALUE_INTEGER },
	{ "topology.kryo.decorators", VALUE_ANY },
	{ "topology.kryo.factory", VALUE_STRING },
	{ "topology.kryo.register", VALUE_ANY },
	{ "topology.localityaware.higher.bound", VALUE_NUMBER },
	{ "topology.localityaware.lower.bound", VALUE_NUMBER },
	{ "topology.logging.config", VALUE_STRING },
	{ "topology.logging.sensitivity", VALUE_STRING },
	{ "topology.max.error.report.per.interval", VALUE_INTEGER },
	{ "topology.max.replication.wait.time.sec", VALUE_NUMBER },
	{ "topology.max.spout.pending", VALUE_INTEGER },
	{ "topology.max.task.parallelism", VALUE_INTEGER },
	{ "topology.message.timeout.secs", VALUE_INTEGER },
	{ "topology.metrics.consumer.cpu.pcore.percent", VALUE_NUMBER },
	{ "topology.metrics.consumer.register", VALUE_ANY },
	{ "topology.metrics.reporters", VALUE_ANY },
	{ "topology.min.replication.count", VALUE_NUMBER },
	{ "topology.multilang.log.handler", VALUE_STRING },
	{ "topology.multilang.serializer", VALUE_STRING },
	{ "topology.name", VALUE_STRING },
	{ "topology.priority", VALUE_INTEGER },
	{ "topology.producer.batch.dynamic", VALUE_BOOLEAN },
	{ "topology.producer.batch.size", VALUE_INTEGER },
	{ "topology.ras.acker.executors.per.worker", VALUE_INTEGER },
	{ "topology.ras.constraint.max.state.search", VALUE_INTEGER },
	{ "topology.ras.constraint.max.time.secs", VALUE_INTEGER },
	{ "topology.ras.constraints", VALUE_ANY },
	{ "topology.ras.one.component.per.worker", VALUE_BOOLEAN },
	{ "topology.ras.one.executor.per.worker", VALUE_BOOLEAN },
	{ "topology.ras.order.executors.by.proximity.needs", VALUE_ANY },
	{ "topology.readonly.groups", VALUE_ANY },
	{ "topology.readonly.users", VALUE_ANY },
	{ "topology.scheduler.favored.nodes", VALUE_ANY },
	{ "topology.scheduler.strategy", VALUE_STRING },
	{ "topology.scheduler.unfavored.nodes", VALUE_ANY },
	{ "topology.serialized.message.size.metrics", VALUE_BOOLEAN },
	{ "topology.shellbolt.max.pending", VALUE_INTEGER },
	{ "topology.skip.missing.kryo.registrations", VALUE_BOOLEAN },
	{ "topology.sleep.spout.wait.strategy.time.ms", VALUE_INTEGER },
	{ "topology.spout.recvq.skips", VALUE_INTEGER },
	{ "topology.spout.wait.park.microsec", VALUE_NUMBER },
	{ "topology.spout.wait.progressive.level1.count", VALUE_INTEGER },
	{ "topology.spout.wait.progressive.level2.count", VALUE_INTEGER },
	{ "topology.spout.wait.progressive.level3.sleep.millis", VALUE_NUMBER },
	{ "topology.spout.wait.strategy", VALUE_STRING },
	{ "topology.spread.components", VALUE_ANY },
	{ "topology.state.checkpoint.interval.ms", VALUE_INTEGER },
	{ "topology.state.kryo.register", VALUE_ANY },
	{ "topology.state.provider", VALUE_STRING },
	{ "topology.state.provider.config", VALUE_STRING },
	{ "topology.state.synchronization.timeout.secs", VALUE_INTEGER },
	{ "topology.stats.ewma.enable", VALUE_BOOLEAN },
	{ "topology.stats.ewma.smoothing.factor", VALUE_ANY },
	{ "topology.stats.sample.rate", VALUE_NUMBER },
	{ "topology.submitter.principal", VALUE_STRING },
	{ "topology.submitter.user", VALUE_STRING },
	{ "topology.subprocess.timeout.secs", VALUE_INTEGER },
	{ "topology.tasks", VALUE_INTEGER },
	{ "topology.testing.always.try.serialize", VALUE_BOOLEAN },
	{ "topology.tick.tuple.freq.secs", VALUE_INTEGER },
	{ "topology.transactional.id", VALUE_STRING },
	{ "topology.transfer.batch.size", VALUE_INTEGER },
	{ "topology.transfer.buffer.size", VALUE_INTEGER },
	{ "topology.trident.batch.emit.interval.millis", VALUE_INTEGER },
	{ "topology.trident.windowing.cache.tuple.limit", VALUE_INTEGER },
	{ "topology.tuple.compression.enable", VALUE_BOOLEAN },
	{ "topology.tuple.compression.max.decompressed.bytes", VALUE_NUMBER },
	{ "topology.tuple.compression.threshold", VALUE_NUMBER },
	{ "topology.tuple.serializer", VALUE_STRING },
	{ "topology.upstream.feedback.enable", VALUE_BOOLEAN },
	{ "topology.upstream.feedback.freq.secs", VALUE_INTEGER },
	{ "topology.users", VALUE_ANY },
	{ "topology.v2.metrics.tick.interval.seconds", VALUE_INTEGER },
	{ "topology.version", VALUE_STRING },
	{ "topology.worker.childopts", VALUE_ANY },
	{ "topology.worker.gc.childopts", VALUE_ANY },
	{ "topology.worker.logwriter.childopts", VALUE_ANY },
	{ "topology.worker.max.heap.size.mb", VALUE_NUMBER },
	{ "topology.worker.metrics", VALUE_ANY },
	{ "topology.worker.nimbus.thrift.client.use.tls", VALUE_BOOLEAN },
	{ "topology.worker.shared.thread.pool.size", VALUE_INTEGER },
	{ "topology.worker.timeout.secs", VALUE_INTEGER },
	{ "topology.workers", VALUE_INTEGER },
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static const struct config_key *find_key(const char *name)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}

static bool holds(const json_t *value, enum value expected)
{
	if (json_is_null(value))
		return true;
	switch (expected) {
	case VALUE_BOOLEAN:
		return json_is_boolean(value);
	case VALUE_COUNT:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case VALUE_INTEGER:
		return json_is_integer(value);
	case VALUE_NUMBER:
		return json_is_number(value);
	case VALUE_STRING:
		return json_is_string(value);
	case VALUE_ANY:
		break;
	}
	return true;
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void warn_of_key(
	const struct spec *spec, json_t *config, const char *name, struct problems *problems)
{
	const char *names[KEY_COUNT];

	for (size_t i = 0; i < KEY_COUNT; i++)
		names[i] = keys[i].name;
	problems_warn(problems, places_of_key(&spec->places, json_object_get(config, name), config),
		"neither Storm nor cstorm knows the key %s", name);
	problems_suggest(problems, name, names, KEY_COUNT);
}

static void check_config(const struct spec *spec, json_t *config, struct problems *problems)
{
	const char *name;
	json_t *value;

	json_object_foreach(config, name, value) {
		const struct config_key *key = find_key(name);

		if (key && !holds(value, key->value))
			problems_error(problems, spec_place(spec, value, config), "%s must be %s",
				name, value_names[key->value]);
		else if (!key && (begins_with(name, "topology.") || begins_with(name, "cstorm.")) &&
			!begins_with(name, "topology.testing."))
			warn_of_key(spec, config, name, problems);
	}
}

void config_check(const struct spec *spec, struct problems *problems)
{
	check_config(spec, spec->config, problems);
	for (size_t i = 0; i < spec->component_count; i++)
		check_config(spec, spec->components[i].config, problems);
}
