/* Topologies in JSON, as programs describe themselves. */
#include "topology.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_topology("topology.json", data, size);
	return 0;
}
