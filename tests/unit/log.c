/* Which log messages go to the parent, and how many. */
#include <criterion/criterion.h>
#include <errno.h>

#include "lone_task.h"

static const struct storm_bolt_class bolt = { .outputs = NULL };
static const struct storm_topology topology = {
	.name = "topology",
	.bolts = STORM_BOLTS({ .name = "bolt", .bolt_class = &bolt }),
};

static const enum wire wires[] = { WIRE_JSON, WIRE_MSGPACK };

/* Begin with a configuration, whose result is returned. */
static int start(struct storm_task *task, enum wire wire, const char *conf)
{
	struct buffer handshake = { 0 };

	buffer_append_format(&handshake,
		"{\"conf\":%s,\"context\":{\"componentid\":\"bolt\",\"taskid\":1}}", conf);
	lone_task_start(task, &topology, wire, buffer_text(&handshake));
	buffer_free(&handshake);
	return log_start(task);
}

/* The next message that it says is this. */
static void check_says(struct storm_task *task, const char *command, int level, struct span text)
{
	struct message message = { 0 };
	struct wire_error error;
	struct span frame;
	int64_t said = -1;

	cr_assert(lone_task_says(task, &frame), "it does not say: %s", text.data);
	cr_assert_eq(message_scan(&message, task_wire(task), frame, &error), 0);
	cr_assert(message_is(&message, span_of(command)));
	cr_assert(encoded_equals(&message.msg, text), "not %s: %.*s", text.data, (int)frame.length,
		frame.data);
	if (message.level.type == STORM_INTEGER)
		cr_assert_eq(encoded_integer(&message.level, &said), 0);
	cr_assert_eq(said, level);
	message_free(&message);
}

static void check_logs(struct storm_task *task, int level, const char *text)
{
	check_says(task, "log", level, span_of(text));
}

Test(log, messages_on_both_wires)
{
	for (size_t i = 0; i < 2; i++) {
		struct storm_task task;

		cr_assert_eq(start(&task, wires[i], "{}"), 0);
		storm_log_warn(&task, "%s \"%d\"\n", "caf\xC3\xA9", 7);
		check_logs(&task, 3, "caf\xC3\xA9 \"7\"\n");
		storm_log_info(&task, "%s", "");
		check_logs(&task, 2, "");
		/* What is not UTF-8 gets through, and nothing else suffers. */
		storm_log_error(&task, "a\xFFz");
		check_logs(&task, 4, "a\xEF\xBF\xBDz");
		storm_report_error(&task, "b\xC3");
		check_says(&task, "error", -1, SPAN("b\xEF\xBF\xBD"));
		log_end(&task);
		lone_task_end(&task);
	}
}

Test(log, messages_of_a_level_and_above)
{
	static const char *const names[] = { "trace", "debug", "info", "warn", "error" };

	for (int least = 0; least < 5; least++) {
		struct storm_task task;
		char conf[64];

		snprintf(conf, sizeof(conf), "{\"cstorm.log.level\":\"%s\"}", names[least]);
		cr_assert_eq(start(&task, WIRE_JSON, conf), 0);
		for (int level = 0; level < 5; level++) {
			cr_assert_eq(storm_log_enabled(&task, (enum storm_log_level)level),
				level >= least);
			storm_log(&task, (enum storm_log_level)level, "%d", level);
			if (level >= least)
				check_logs(&task, level, (char[]){ (char)('0' + level), '\0' });
		}
		lone_task_end(&task); /* it has said nothing more */
	}
}

Test(log, levels_of_the_configuration)
{
	static const struct {
		const char *conf;
		int err;
		int level;
	} cases[] = {
		{ "{}", 0, STORM_LOG_INFO },
		{ "{\"cstorm.log.level\":null}", 0, STORM_LOG_INFO },
		{ "{\"cstorm.log.level\":\"WARN\"}", 0, STORM_LOG_WARN },
		{ "{\"topology.debug\":true}", 0, STORM_LOG_DEBUG },
		{ "{\"topology.debug\":true,\"cstorm.log.level\":\"error\"}", 0, STORM_LOG_ERROR },
		{ "{\"cstorm.log.level\":\"loud\"}", -EINVAL, STORM_LOG_INFO },
		{ "{\"cstorm.log.level\":\"\"}", -EINVAL, STORM_LOG_INFO },
		{ "{\"cstorm.log.level\":2}", -EINVAL, STORM_LOG_INFO },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct storm_task task;

		cr_assert_eq(
			start(&task, WIRE_JSON, cases[i].conf), cases[i].err, "%s", cases[i].conf);
		cr_assert_eq(task.log.level, cases[i].level, "%s", cases[i].conf);
		lone_task_end(&task);
	}
}

/* A rate so low that no time of the test makes a difference. */
Test(log, messages_above_the_rate_are_counted)
{
	struct storm_task task;

	cr_assert_eq(start(&task, WIRE_JSON, "{\"cstorm.log.rate\":0.001}"), 0);
	storm_log_info(&task, "one");
	check_logs(&task, 2, "one");
	for (int i = 0; i < 3; i++)
		storm_log_info(&task, "too many");
	storm_report_error(&task, "errors always get through");
	check_says(&task, "error", -1, SPAN("errors always get through"));
	task.log.since -= 1500; /* time goes by, enough for one and a half */
	storm_log_info(&task, "two");
	check_logs(&task, 3,
		"3 log messages were suppressed: more than cstorm.log.rate, 0.001 a second");
	check_logs(&task, 2, "two");
	storm_log_info(&task, "too many");
	log_end(&task);
	check_logs(&task, 3,
		"1 log messages were suppressed: more than cstorm.log.rate, 0.001 a second");
	lone_task_end(&task);
}

Test(log, ten_seconds_worth_may_come_at_once)
{
	struct storm_task task;

	cr_assert_eq(start(&task, WIRE_JSON, "{\"cstorm.log.rate\":0.5}"), 0);
	task.log.since += 3600; /* the allowance does not grow while the test runs */
	for (int i = 0; i < 5; i++) {
		storm_log_info(&task, "message");
		check_logs(&task, 2, "message");
	}
	storm_log_info(&task, "too many");
	lone_task_end(&task);
}

Test(log, messages_without_a_limit)
{
	static const char *const configurations[] = { "{\"cstorm.log.rate\":0}",
		"{\"cstorm.log.rate\":-1}" };

	for (size_t i = 0; i < 2; i++) {
		struct storm_task task;

		cr_assert_eq(start(&task, WIRE_JSON, configurations[i]), 0);
		for (int j = 0; j < 20000; j++) {
			storm_log_info(&task, "message");
			check_logs(&task, 2, "message");
		}
		log_end(&task);
		lone_task_end(&task);
	}
}
