/* Bytes on their way to a descriptor. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "protocol/output.h"

Test(output, writes_in_part_and_keeps_the_order)
{
	struct output output = { 0 };
	uint32_t appended = 0;
	uint32_t read_back = 0;
	uint32_t numbers[1000];
	int pipes[2];

	cr_assert_eq(pipe2(pipes, O_NONBLOCK), 0);
	srand(3);
	while (read_back < 2000000) {
		size_t count = (size_t)rand() % 1000;
		ssize_t got;

		if (appended < 2000000) {
			for (int i = 0; i < rand() % 60000; i++, appended++)
				buffer_append(&output.buffer, (char *)&appended, sizeof(appended));
		}
		cr_assert_geq(output_flush(&output, pipes[1]), 0);
		while ((got = read(pipes[0], numbers, count * sizeof(numbers[0]))) > 0) {
			for (size_t i = 0; i < (size_t)got / sizeof(numbers[0]); i++)
				cr_assert_eq(numbers[i], read_back++);
		}
	}
	while (output_flush(&output, pipes[1]) == 0)
		while (read(pipes[0], numbers, sizeof(numbers)) > 0)
			;
	cr_assert_eq(output_pending(&output), 0);
	output_free(&output);
}

Test(output, reports_a_reader_that_is_gone)
{
	struct output output = { 0 };
	int pipes[2];

	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe(pipes), 0);
	close(pipes[0]);
	buffer_append_literal(&output.buffer, "text");
	cr_assert_eq(output_flush(&output, pipes[1]), -EPIPE);
	output_clear(&output);
	cr_assert_eq(output_pending(&output), 0);
	cr_assert_eq(output_flush(&output, pipes[1]), 1);
	output_free(&output);
}
