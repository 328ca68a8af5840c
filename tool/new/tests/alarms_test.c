/* The bolt alarms by itself: what it says to readings. Any test framework will do; this has none. */
#include "reading.h"

#include <cstorm/testing.h>
#include <stdio.h>

static const char expected[] = "ack 1\n"
			       "emit [\"attic: 20.5 is above 20\"] anchors 2\n"
			       "ack 2\n";

int main(void)
{
	struct storm_test *test = storm_test_bolt(&alarms_bolt,
		STORM_OUTPUTS(STORM_STREAM_OF("default", reading_mapping)), "{\"bolt.limit\": 20}");
	const char *said;
	int status;

	if (!test)
		return 1;
	storm_test_process(test, storm_text("attic"), storm_double(20));
	storm_test_process(test, storm_text("attic"), storm_double(20.5));
	said = storm_test_said(test);
	status = strcmp(said, expected) == 0 ? 0 : 1;
	if (status != 0)
		fprintf(stderr, "expected:\n%sbut the bolt said:\n%s", expected, said);
	storm_test_free(test);
	return status;
}
