#include "base/size.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool size_parse(const char *text, uint64_t *size)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;
	int shift;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*size = strtoull(text, &end, 10);
	if (errno != 0 || *end == '\0')
		return errno == 0;
	unit = strchr(units, toupper((unsigned char)*end));
	if (!unit || end[1] != '\0')
		return false;
	shift = 10 * (int)(unit - units + 1);
	if (*size > UINT64_MAX >> shift)
		return false;
	*size <<= shift;
	return true;
}
