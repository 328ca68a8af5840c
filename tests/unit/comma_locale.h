/* A locale with a decimal comma. */
#ifndef UNIT_COMMA_LOCALE_H
#define UNIT_COMMA_LOCALE_H

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

/* Change to such a locale; where none is installed the test is skipped. */
static inline void comma_locale_set(void)
{
	static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "es_ES.UTF-8",
		"it_IT.UTF-8", "pl_PL.UTF-8", "ru_RU.UTF-8", "pt_BR.UTF-8", "nl_NL.UTF-8" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (setlocale(LC_ALL, names[i]) && strcmp(localeconv()->decimal_point, ",") == 0)
			return;
	}
	cr_skip("no locale with a decimal comma is installed");
}

#endif
