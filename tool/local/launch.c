#include "local/launch.h"

#include <errno.h>
#include <stdlib.h>

/*
 * What the shell becomes where the task's component is wrapped: the wrapper, with the number of the task
 * in place of {task}, and the component's command behind it. Owned by the caller.
 */
static char *wrapper_script(const struct task *task)
{
	static const char mark[] = "{task}";
	const char *at = task->component->spec->wrapper;
	struct buffer script = { 0 };
	const char *found;

	buffer_append_literal(&script, "exec ");
	for (; (found = strstr(at, mark)); at = found + strlen(mark)) {
		buffer_append(&script, at, (size_t)(found - at));
		buffer_append_integer(&script, task->id);
	}
	buffer_append_format(&script, "%s \"$@\"", at);
	if (script.failed)
		buffer_free(&script);
	return script.data;
}

static int start_wrapped(struct process *process, const struct task *task)
{
	const struct component *component = task->component;
	char *script = wrapper_script(task);
	char **words = NULL;
	size_t count = 0;
	int err = -ENOMEM;

	while (component->command[count])
		count++;
	if (script)
		words = calloc(count + 5, sizeof(*words));
	if (words) {
		words[0] = (char *)"sh";
		words[1] = (char *)"-c";
		words[2] = script;
		words[3] = (char *)"cstorm";
		memcpy(words + 4, component->command, count * sizeof(*words));
		err = process_start(process, words, &component->setup);
	}
	free(words);
	free(script);
	return err;
}

int launch(struct process *process, const struct task *task)
{
	const struct component *component = task->component;

	if (component->spec->wrapper)
		return start_wrapped(process, task);
	return process_start(process, component->command, &component->setup);
}
