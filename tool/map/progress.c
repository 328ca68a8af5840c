/* How far it has come: a line on the terminal. */
#include <math.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "map/map.h"

#define SECONDS_BETWEEN 0.25
#define BAR_MOST 30

static int bar_width(void)
{
	struct winsize size;
	int columns =
		ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;

	return columns - 55 < BAR_MOST ? columns - 55 : BAR_MOST;
}

static const char *scaled_bytes(double bytes, char *text, size_t size)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (bytes >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, size, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
	return text;
}

static void show_bar(const struct map *map, double rate)
{
	static const char full[BAR_MOST + 1] = "##############################";
	static const char empty[BAR_MOST + 1] = "..............................";
	double part = (double)map->input.read / (double)map->input.size;
	double left = part > 0 ? (map->now - map->started) * (1 - part) / part : 0;
	int width = bar_width();
	int done;

	part = part > 1 ? 1 : part;
	done = (int)(part * width);
	if (width > 4)
		log_status("[%.*s%.*s] %3.0f%% %.0f lines/s, %.0f:%02.0f left, %llu failed", done,
			full, width - done, empty, 100 * part, rate, (left - fmod(left, 60)) / 60,
			fmod(left, 60), (unsigned long long)map->fail_count);
	else
		log_status("%3.0f%% %.0f lines/s", 100 * part, rate);
}

void progress_show(struct map *map)
{
	uint64_t done = map->first - 1;
	double seconds = map->now - map->started;
	double rate = seconds > 0 ? (double)done / seconds : 0;
	char bytes[32];

	if (map->now - map->shown < SECONDS_BETWEEN)
		return;
	map->shown = map->now;
	if (map->input.size > 0)
		show_bar(map, rate);
	else
		log_status("%s, %llu lines, %.0f lines/s, %llu failed",
			scaled_bytes((double)map->input.read, bytes, sizeof(bytes)),
			(unsigned long long)done, rate, (unsigned long long)map->fail_count);
}

void progress_end(void)
{
	log_status(NULL);
}
