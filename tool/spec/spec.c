/* The model's memory, and what is asked of it. */
#include "spec/spec.h"

#include <stdlib.h>

size_t spec_find(const struct spec *spec, const char *component)
{
	size_t i = 0;

	while (i < spec->component_count && strcmp(spec->components[i].name, component) != 0)
		i++;
	return i;
}

struct place spec_place(const struct spec *spec, const json_t *part, const json_t *container)
{
	return places_of(&spec->places, part, container);
}

const json_t *spec_setting(
	const struct spec *spec, const struct spec_component *component, const char *key)
{
	const json_t *own = json_object_get(component->config, key);

	return own ? own : json_object_get(spec->config, key);
}

void spec_complete(struct spec *spec)
{
	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];
		json_t *object = (json_t *)component->json;

		json_object_set_new(object, "parallelism", json_integer(component->parallelism));
		if (component->tasks != component->parallelism || json_object_get(object, "tasks"))
			json_object_set_new(object, "tasks", json_integer(component->tasks));
	}
}

static void free_component(struct spec_component *component)
{
	for (size_t i = 0; i < component->output_count; i++)
		free(component->outputs[i].fields);
	for (size_t i = 0; i < component->input_count; i++) {
		free(component->inputs[i].fields);
		free(component->inputs[i].field_indexes);
	}
	free(component->outputs);
	free(component->inputs);
	free(component->settings);
	free(component->metrics);
	free(component->command);
}

void spec_free(struct spec *spec)
{
	for (size_t i = 0; i < spec->component_count; i++)
		free_component(&spec->components[i]);
	free(spec->components);
	free(spec->path);
	places_free(&spec->places);
	json_decref(spec->description);
	json_decref(spec->origin);
	*spec = (struct spec){ 0 };
}
