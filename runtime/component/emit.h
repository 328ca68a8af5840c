/* Emits: from values to a message. */
#ifndef COMPONENT_EMIT_H
#define COMPONENT_EMIT_H

#include <cstorm/task.h>

/* Emit; `want_task_ids` asks the parent for the tasks that receive it. */
int emit(struct storm_task *task, const struct storm_emission *emission, bool want_task_ids);

#endif
