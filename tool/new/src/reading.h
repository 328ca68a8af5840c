/* A reading of a sensor, and the spouts and bolts that have to do with it. */
#ifndef READING_H
#define READING_H

#include <cstorm.h>

struct reading {
	struct storm_string sensor;
	double value;
};

/* The fields of a stream of readings: the names of the members. */
extern const struct storm_mapping reading_mapping;

extern const struct storm_spout_class readings_spout;
extern const struct storm_bolt_class alarms_bolt;

#endif
