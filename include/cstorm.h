/* cstorm: Apache Storm spouts and bolts in C. This header takes all the others. */
#ifndef CSTORM_H
#define CSTORM_H

#include <cstorm/batch.h>
#include <cstorm/components.h>
#include <cstorm/mapping.h>
#include <cstorm/metrics.h>
#include <cstorm/task.h>
#include <cstorm/topology.h>
#include <cstorm/tuple.h>
#include <cstorm/value.h>

#endif
