/* Emits: from values to a message. */
#ifndef COMPONENT_EMIT_H
#define COMPONENT_EMIT_H

#include "protocol/wire.h"

#include <cstorm/task.h>

/* Emit; `want_task_ids` asks the parent for the tasks that receive it. */
int emit(struct storm_task *task, const struct storm_emission *emission, bool want_task_ids);

/* Write a value of any type: as write_value(). */
int emit_write_value(struct buffer *message, enum wire wire, const struct storm_value *value);

#endif
