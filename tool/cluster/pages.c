#include "cluster/pages.h"

const char *const pages_windows[4] = { "600", "10800", "86400", PAGES_ALL_TIME };

/* The id of a topology that has this name, a new reference. */
static int find(struct nimbus *nimbus, const char *name, json_t **id, struct buffer *problem)
{
	json_t *summary = NULL;
	int err = nimbus_call(
		nimbus, &nimbus_find_topology, json_pack("{s:s}", "name", name), &summary, problem);

	*id = json_incref(json_object_get(summary, "id"));
	json_decref(summary);
	return err;
}

static json_t *arguments_of(const struct pages_wanted *wanted, json_t *id, const char *component)
{
	json_t *arguments =
		json_pack("{s:s, s:b}", "window", wanted->window, "is_include_sys", wanted->system);

	json_object_set(arguments, component ? "topology_id" : "id", id);
	if (component)
		json_object_set_new(arguments, "component_id", json_string(component));
	return arguments;
}

int pages_topology(struct nimbus *nimbus, const struct pages_wanted *wanted, json_t **page,
	struct buffer *problem)
{
	json_t *id;
	int err = find(nimbus, wanted->name, &id, problem);

	*page = NULL;
	if (err == 0)
		err = nimbus_call(nimbus, &nimbus_get_topology_page, arguments_of(wanted, id, NULL),
			page, problem);
	json_decref(id);
	return err;
}

/* The pages of all components of a kind, into an object. */
static int ask_components(struct nimbus *nimbus, const struct pages_wanted *wanted,
	const json_t *page, const char *kind, json_t *components, struct buffer *problem)
{
	json_t *id = json_object_get(page, "id");
	const char *name;
	json_t *unused;
	int err = 0;

	json_object_foreach(json_object_get(page, kind), name, unused) {
		json_t *component = NULL;

		if (err == 0)
			err = nimbus_call(nimbus, &nimbus_get_component_page,
				arguments_of(wanted, id, name), &component, problem);
		if (component)
			json_object_set_new(components, name, component);
	}
	return err;
}

int pages_all(struct nimbus *nimbus, const struct pages_wanted *wanted, json_t **pages,
	struct buffer *problem)
{
	json_t *components = json_object();
	json_t *page;
	int err = pages_topology(nimbus, wanted, &page, problem);

	if (err == 0)
		err = ask_components(
			nimbus, wanted, page, "id_to_spout_agg_stats", components, problem);
	if (err == 0)
		err = ask_components(
			nimbus, wanted, page, "id_to_bolt_agg_stats", components, problem);
	*pages = err == 0 ? json_pack("{s:O*, s:O}", "topology", page, "components", components) :
			    NULL;
	json_decref(components);
	json_decref(page);
	return err;
}

int pages_info(struct nimbus *nimbus, const char *name, json_t **info, struct buffer *problem)
{
	json_t *id;
	int err = find(nimbus, name, &id, problem);

	*info = NULL;
	if (err == 0)
		err = nimbus_call(
			nimbus, &nimbus_get_topology, json_pack("{s:O*}", "id", id), info, problem);
	json_decref(id);
	return err;
}

/* Add the last error of each component of a kind, where it is not there. */
static void add_last_errors(json_t *errors, const json_t *page, const char *kind)
{
	const char *name;
	json_t *stats;

	json_object_foreach(json_object_get(page, kind), name, stats) {
		json_t *last = json_object_get(stats, "last_error");
		json_t *list = json_object_get(errors, name);
		bool is_there = false;
		const json_t *error;
		size_t index;

		json_array_foreach(list, index, error)
			is_there |= json_equal(error, last);
		if (!list)
			json_object_set_new(errors, name, list = json_array());
		if (last && !is_there)
			json_array_append(list, last);
	}
}

int pages_errors(struct nimbus *nimbus, const char *name, json_t **errors, struct buffer *problem)
{
	const struct pages_wanted wanted = { .name = name, .window = PAGES_ALL_TIME };
	json_t *page = NULL;
	json_t *info;
	int err = pages_info(nimbus, name, &info, problem);

	if (err == 0)
		err = pages_topology(nimbus, &wanted, &page, problem);
	*errors = err == 0 ? json_incref(json_object_get(info, "errors")) : NULL;
	if (err == 0 && !*errors)
		*errors = json_object();
	add_last_errors(*errors, page, "id_to_spout_agg_stats");
	add_last_errors(*errors, page, "id_to_bolt_agg_stats");
	json_decref(page);
	json_decref(info);
	return err;
}
