/* Topologies in the YAML of Flux, with what they include. */
#include "topology.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_topology("topology.yaml", data, size);
	return 0;
}
