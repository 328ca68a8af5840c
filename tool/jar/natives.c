#include "jar/natives.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jar/elf.h"
#include "jar/libraries.h"

/* What is being packed, for what is said of it. */
struct packing {
	struct jar *jar;
	const char *path;
	struct place place;
	const struct elf_facts *facts;
};

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool native_is(const char *path)
{
	struct elf_facts facts;
	bool is_program = elf_read(&facts, path) == 0;

	elf_free(&facts);
	return is_program;
}

static const struct jar_native *find(const struct jar *jar, const char *machine, const char *name)
{
	for (size_t i = 0; i < jar->native_count; i++) {
		const struct jar_native *native = &jar->natives[i];

		if (strcmp(native->name, name) == 0 &&
			(!machine || strcmp(native->machine, machine) == 0))
			return native;
	}
	return NULL;
}

static int add(struct jar *jar, const char *name, const struct elf_facts *facts, bool is_library)
{
	struct jar_native *natives =
		realloc(jar->natives, (jar->native_count + 1) * sizeof(*natives));

	if (!natives)
		return -ENOMEM;
	jar->natives = natives;
	natives[jar->native_count] = (struct jar_native){
		.name = strdup(name),
		.machine = facts->machine,
		.glibc = facts->glibc,
		.is_library = is_library,
	};
	return natives[jar->native_count++].name ? 0 : -ENOMEM;
}

/* Say it when the workers' glibc is too old for a file. */
static void check_glibc(const struct packing *packing, const char *path, int needed)
{
	const struct jar *jar = packing->jar;

	if (jar->options->glibc >= 0 && needed > jar->options->glibc)
		problems_error(jar->problems, packing->place,
			"%s needs glibc 2.%d, but the workers have 2.%d: build it there, or in a "
			"container of their system, or link it with musl",
			path, needed, jar->options->glibc);
}

static int add_entry(
	const struct packing *packing, const char *folder, const char *name, const char *path)
{
	struct jar *jar = packing->jar;
	struct buffer entry = { 0 };
	int err;

	buffer_append_format(
		&entry, NATIVE_FOLDER "%s/%s%s", packing->facts->machine, folder, name);
	err = entries_add_file(&jar->entries, buffer_text(&entry), path);
	if (err == -EEXIST)
		problems_error(jar->problems, packing->place,
			"%s: there is another %s for %s already", path, name,
			packing->facts->machine);
	else if (err < 0)
		problems_error(
			jar->problems, packing->place, "cannot read %s: %s", path, strerror(-err));
	buffer_free(&entry);
	return err;
}

/* Pack a shared library for the machine of a program. */
static int pack_library(const struct packing *packing, const char *name, const char *path)
{
	struct elf_facts facts;
	int err;

	if (find(packing->jar, packing->facts->machine, name))
		return 0;
	err = elf_read(&facts, path);
	if (err == 0)
		err = add_entry(packing, "lib/", name, path);
	if (err == 0) {
		check_glibc(packing, path, facts.glibc);
		err = add(packing->jar, name, &facts, true);
	}
	elf_free(&facts);
	return err;
}

static int say_missing(const struct packing *packing, const char *name)
{
	if (strchr(name, '/'))
		return problems_error(packing->jar->problems, packing->place,
			"%s needs the library %s by this path, which a worker does not have: link "
			"it with -L and -l",
			packing->path, name);
	return problems_error(packing->jar->problems, packing->place,
		"%s needs the library %s, which is not here: install it, or name its file with "
		"--library",
		packing->path, name);
}

/* One that the loader would load. */
static int take_library(void *context, const char *name, const char *path)
{
	const struct packing *packing = context;

	if (library_is_base(name) || find(packing->jar, packing->facts->machine, name))
		return 0;
	if (!path)
		return say_missing(packing, name);
	return pack_library(packing, name, path);
}

/* A program whose loader cannot run here names at least those that it needs itself. */
static int check_needed(const struct packing *packing)
{
	int err = 0;

	for (size_t i = 0; packing->facts->needed && packing->facts->needed[i]; i++) {
		const char *name = packing->facts->needed[i];

		if (!library_is_base(name) && !find(packing->jar, packing->facts->machine, name))
			err = say_missing(packing, name);
	}
	return err;
}

static int pack_libraries(struct packing *packing)
{
	const struct elf_facts *facts = packing->facts;
	int err;

	if (!facts->loader)
		return 0;
	err = libraries_list(facts->loader, packing->path, take_library, packing);
	/* There is no such loader here, or it is another machine's. */
	return err == -ENOENT || err == -ENOEXEC ? check_needed(packing) : err;
}

/* The path of the loader is kept beside the program, in case that it has to be asked. */
static int add_loader(const struct packing *packing)
{
	struct buffer name = { 0 };
	struct buffer text = { 0 };
	int err;

	if (!packing->facts->loader)
		return 0;
	buffer_append_format(&name, NATIVE_FOLDER "%s/%s.loader", packing->facts->machine,
		name_of(packing->path));
	buffer_append_format(&text, "%s\n", packing->facts->loader);
	err = entries_add_text(
		&packing->jar->entries, buffer_text(&name), span_of(buffer_text(&text)));
	buffer_free(&name);
	buffer_free(&text);
	return err;
}

static int pack(struct jar *jar, const char *path, struct place place)
{
	struct elf_facts facts;
	struct packing packing = { jar, path, place, &facts };
	int err = elf_read(&facts, path);

	if (err == -ENOEXEC)
		return problems_error(jar->problems, place,
			"%s is no program of a machine that is known here", path);
	if (err < 0)
		return problems_error(
			jar->problems, place, "cannot read %s: %s", path, strerror(-err));
	err = add_entry(&packing, "", name_of(path), path);
	if (err == 0 && !find(jar, facts.machine, name_of(path))) {
		check_glibc(&packing, path, facts.glibc);
		err = add(jar, name_of(path), &facts, false);
		if (err == 0)
			err = add_loader(&packing);
		if (err == 0)
			err = pack_libraries(&packing);
	}
	elf_free(&facts);
	return err;
}

int native_pack(struct jar *jar, const char *path, const struct spec_component *component)
{
	return pack(jar, path, spec_place(jar->spec, component->json, NULL));
}

/* A library of the options: for the machine that it is for. */
static int pack_named_library(struct jar *jar, const char *path)
{
	struct elf_facts facts;
	struct packing packing = { jar, path, { 0 }, &facts };
	int err = elf_read(&facts, path);

	if (err == -ENOEXEC)
		return problems_error(jar->problems, packing.place,
			"%s is no shared library of a machine that is known here", path);
	if (err < 0)
		return problems_error(
			jar->problems, packing.place, "cannot read %s: %s", path, strerror(-err));
	err = pack_library(&packing, name_of(path), path);
	elf_free(&facts);
	return err;
}

static int pack_build(struct jar *jar, const char *path)
{
	if (find(jar, NULL, name_of(path)))
		return pack(jar, path, (struct place){ 0 });
	return problems_error(jar->problems, (struct place){ 0 },
		"%s: the topology starts no program of this name; another build of one must be "
		"called as it is",
		path);
}

int natives_pack_libraries(struct jar *jar)
{
	int err = 0;

	for (size_t i = 0; i < jar->options->library_count && err != -ENOMEM; i++)
		err = pack_named_library(jar, jar->options->libraries[i]);
	return err == -ENOMEM ? err : 0;
}

int natives_pack_builds(struct jar *jar)
{
	int err = 0;

	for (size_t i = 0; i < jar->options->program_count && err != -ENOMEM; i++)
		err = pack_build(jar, jar->options->programs[i]);
	return err == -ENOMEM ? err : 0;
}
