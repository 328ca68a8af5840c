/* Bytes on their way to a descriptor. */
#include "protocol/output.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "random.h"

/* A stream of bytes in which no part is like another one. */
static char byte_at(size_t place)
{
	struct random random = { place / 8 };

	return (char)(random_next(&random) >> place % 8 * 8);
}

static void append_stream(struct output *output, size_t *appended, size_t length)
{
	for (; length > 0; length--) {
		char byte = byte_at((*appended)++);

		buffer_append(&output->buffer, &byte, 1);
	}
}

/* Read at most so many bytes; those that come must be the stream's next ones. */
static ssize_t check_stream(int fd, size_t *checked, size_t length)
{
	char bytes[65536];
	ssize_t count = read(fd, bytes, length < sizeof(bytes) ? length : sizeof(bytes));

	for (ssize_t i = 0; i < count; i++) {
		if (bytes[i] != byte_at(*checked))
			return -EBADMSG;
		(*checked)++;
	}
	return count < 0 ? -errno : count;
}

Test(output, writes_nothing_when_nothing_is_pending)
{
	struct output output = { 0 };

	cr_assert_eq(output_pending(&output), 0);
	cr_assert_eq(output_flush(&output, -1), 1);
	output_free(&output);
}

Test(output, writes_what_was_appended)
{
	struct output output = { 0 };
	char bytes[16];
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	buffer_append_literal(&output.buffer, "{}\n");
	buffer_append_literal(&output.buffer, "end\n");
	cr_assert_eq(output_pending(&output), 7);
	cr_assert_eq(output_flush(&output, fds[1]), 1);
	cr_assert_eq(output_pending(&output), 0);
	cr_assert_eq(read(fds[0], bytes, sizeof(bytes)), 7);
	cr_assert_eq(memcmp(bytes, "{}\nend\n", 7), 0);
	output_free(&output);
}

Test(output, goes_on_where_a_full_pipe_stopped_it)
{
	struct random random = { 11 };
	struct output output = { 0 };
	size_t appended = 0;
	size_t checked = 0;
	size_t waits = 0;
	int fds[2];

	cr_assert_eq(pipe2(fds, O_NONBLOCK), 0);
	while (checked < 5000000) {
		size_t pending;
		int result;

		append_stream(&output, &appended, random_below(&random, 60000));
		pending = output_pending(&output);
		result = output_flush(&output, fds[1]);
		cr_assert(result == 0 || result == 1);
		cr_assert_leq(output_pending(&output), pending);
		cr_assert_eq(result == 1, output_pending(&output) == 0);
		waits += result == 0;
		if (pending > 0)
			cr_assert_geq(
				check_stream(fds[0], &checked, random_below(&random, 60000)), 0);
	}
	cr_assert_gt(waits, 20, "the pipe was not full often enough");
	while (output_flush(&output, fds[1]) == 0)
		cr_assert_gt(check_stream(fds[0], &checked, SIZE_MAX), 0);
	while (checked < appended)
		cr_assert_gt(check_stream(fds[0], &checked, SIZE_MAX), 0);
	cr_assert_eq(check_stream(fds[0], &checked, SIZE_MAX), -EAGAIN);
	output_free(&output);
}

Test(output, does_not_grow_while_the_reader_keeps_up)
{
	struct output output = { 0 };
	size_t appended = 0;
	size_t checked = 0;
	int fds[2];

	/* There is always something pending, but never much. */
	cr_assert_eq(pipe2(fds, O_NONBLOCK), 0);
	append_stream(&output, &appended, 400000);
	while (appended < 8000000) {
		append_stream(&output, &appended, 30000);
		cr_assert_eq(output_flush(&output, fds[1]), 0);
		while (checked + 400000 < appended) {
			cr_assert_gt(check_stream(fds[0], &checked, 10000), 0);
			cr_assert_eq(output_flush(&output, fds[1]), 0);
		}
	}
	cr_assert_leq(output.buffer.capacity, 2 << 20);
	output_free(&output);
}

Test(output, reports_that_nobody_reads)
{
	struct output output = { 0 };
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe(fds), 0);
	close(fds[0]);
	buffer_append_literal(&output.buffer, "{}\nend\n");
	cr_assert_eq(output_flush(&output, fds[1]), -EPIPE);
	close(fds[1]);
	cr_assert_eq(output_flush(&output, fds[1]), -EBADF);

	/* Once it is forgotten there is nothing to fail. */
	output_clear(&output);
	cr_assert_eq(output_pending(&output), 0);
	cr_assert_eq(output_flush(&output, fds[1]), 1);
	output_free(&output);
}

Test(output, forgets_what_is_pending)
{
	struct output output = { 0 };
	size_t appended = 0;
	size_t checked = 0;
	char bytes[16];
	int fds[2];

	cr_assert_eq(pipe2(fds, O_NONBLOCK), 0);
	append_stream(&output, &appended, 1000000);
	cr_assert_eq(output_flush(&output, fds[1]), 0);
	output_clear(&output);
	cr_assert_eq(output_pending(&output), 0);
	while (check_stream(fds[0], &checked, SIZE_MAX) > 0)
		;
	cr_assert_lt(checked, 1000000);
	buffer_append_literal(&output.buffer, "anew");
	cr_assert_eq(output_flush(&output, fds[1]), 1);
	cr_assert_eq(read(fds[0], bytes, sizeof(bytes)), 4);
	cr_assert_eq(memcmp(bytes, "anew", 4), 0);

	output_free(&output);
	cr_assert_eq(output_pending(&output), 0);
	buffer_append_literal(&output.buffer, "again");
	cr_assert_eq(output_flush(&output, fds[1]), 1);
	cr_assert_eq(read(fds[0], bytes, sizeof(bytes)), 5);
	output_free(&output);
}

struct slow_reader {
	int fd;
	size_t checked;
	ssize_t last; /* result of a read: 0 at the end */
};

static void *read_slowly(void *argument)
{
	struct slow_reader *reader = argument;
	struct random random = { 12 };

	do {
		if (random_once_in(&random, 8))
			usleep(1000);
		reader->last = check_stream(
			reader->fd, &reader->checked, 1 + random_below(&random, 65536));
	} while (reader->last > 0);
	return NULL;
}

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
	(void)number;
	alarms++;
}

Test(output, waits_for_a_slow_reader_also_when_signals_interrupt)
{
	const struct sigaction action = { .sa_handler = count_alarm };
	const struct itimerval often = { { 0, 500 }, { 0, 500 } };
	const struct itimerval never = { 0 };
	struct output output = { 0 };
	struct slow_reader reader = { 0 };
	size_t appended = 0;
	pthread_t thread;
	sigset_t alarm_only;
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	reader.fd = fds[0];
	append_stream(&output, &appended, 8000000);

	/* The signals are for the writing thread, whose calls they interrupt. */
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm_only, NULL);
	cr_assert_eq(pthread_create(&thread, NULL, read_slowly, &reader), 0);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);

	cr_assert_eq(output_flush(&output, fds[1]), 1);
	setitimer(ITIMER_REAL, &never, NULL);
	close(fds[1]);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_assert_eq(reader.last, 0);
	cr_assert_eq(reader.checked, appended);
	cr_assert_gt(alarms, 0);
	output_free(&output);
}
