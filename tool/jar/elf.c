#include "jar/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	int number;
	int order; /* of the bytes; ELFDATANONE: either */
	const char *name;
} machines[] = {
	{ EM_X86_64, ELFDATANONE, "x86_64" },
	{ EM_AARCH64, ELFDATA2LSB, "aarch64" },
	{ EM_386, ELFDATANONE, "i386" },
	{ EM_ARM, ELFDATA2LSB, "arm" },
	{ EM_PPC64, ELFDATA2LSB, "ppc64le" },
	{ EM_PPC64, ELFDATA2MSB, "ppc64" },
	{ EM_S390, ELFDATA2MSB, "s390x" },
	{ EM_RISCV, ELFDATA2LSB, "riscv64" },
};

static const char *find_machine(const GElf_Ehdr *header)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (machines[i].number == header->e_machine &&
			(machines[i].order == ELFDATANONE ||
				machines[i].order == header->e_ident[EI_DATA]))
			return machines[i].name;
	}
	return NULL;
}

static int read_loader(struct elf_facts *facts, Elf *elf)
{
	size_t file_size;
	const char *bytes = elf_rawfile(elf, &file_size);
	size_t count;
	GElf_Phdr header;

	if (elf_getphdrnum(elf, &count) < 0)
		return -ENOEXEC;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_INTERP)
			continue;
		if (!bytes || header.p_offset > file_size ||
			header.p_filesz > file_size - header.p_offset)
			return -ENOEXEC;
		facts->loader = strndup(bytes + header.p_offset, header.p_filesz);
		return facts->loader ? 0 : -ENOMEM;
	}
	return 0;
}

static int add_needed(struct elf_facts *facts, size_t *count, const char *name)
{
	char **needed = realloc(facts->needed, (*count + 2) * sizeof(*needed));

	if (!needed)
		return -ENOMEM;
	facts->needed = needed;
	needed[*count] = strdup(name);
	if (!needed[*count])
		return -ENOMEM;
	needed[++*count] = NULL;
	return 0;
}

static int read_dynamic(
	struct elf_facts *facts, Elf *elf, const GElf_Shdr *header, Elf_Data *data, size_t *count)
{
	GElf_Dyn entry;
	int err = 0;

	for (int i = 0; err == 0 && gelf_getdyn(data, i, &entry); i++) {
		const char *name = entry.d_tag == DT_NEEDED ?
			elf_strptr(elf, header->sh_link, entry.d_un.d_val) :
			NULL;

		if (name)
			err = add_needed(facts, count, name);
	}
	return err;
}

/* The versions of the symbols that it takes from libraries: GLIBC_2.34 and the like. */
static void read_versions(
	struct elf_facts *facts, Elf *elf, const GElf_Shdr *header, Elf_Data *data)
{
	size_t at = 0;
	GElf_Verneed library;

	while (gelf_getverneed(data, (int)at, &library)) {
		size_t place = at + library.vn_aux;
		GElf_Vernaux version;

		for (int i = 0; i < library.vn_cnt && gelf_getvernaux(data, (int)place, &version);
			i++) {
			const char *name = elf_strptr(elf, header->sh_link, version.vna_name);
			int minor;

			if (name && sscanf(name, "GLIBC_2.%d", &minor) == 1 && minor > facts->glibc)
				facts->glibc = minor;
			place += version.vna_next;
		}
		if (library.vn_next == 0)
			return;
		at += library.vn_next;
	}
}

static int read_sections(struct elf_facts *facts, Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t count = 0;
	int err = 0;

	while (err == 0 && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) ||
			(header.sh_type != SHT_DYNAMIC && header.sh_type != SHT_GNU_verneed))
			continue;
		data = elf_getdata(section, NULL);
		if (!data)
			return -ENOEXEC;
		if (header.sh_type == SHT_DYNAMIC)
			err = read_dynamic(facts, elf, &header, data, &count);
		else
			read_versions(facts, elf, &header, data);
	}
	return err;
}

static int read_elf(struct elf_facts *facts, Elf *elf)
{
	GElf_Ehdr header;
	int err;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header) ||
		(header.e_type != ET_EXEC && header.e_type != ET_DYN))
		return -ENOEXEC;
	facts->machine = find_machine(&header);
	if (!facts->machine)
		return -ENOEXEC;
	err = read_loader(facts, elf);
	return err == 0 ? read_sections(facts, elf) : err;
}

int elf_read(struct elf_facts *facts, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf = NULL;
	int err = -ENOEXEC;

	*facts = (struct elf_facts){ .glibc = -1 };
	if (fd < 0)
		return -errno;
	if (elf_version(EV_CURRENT) != EV_NONE)
		elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf)
		err = read_elf(facts, elf);
	elf_end(elf);
	close(fd);
	if (err < 0)
		elf_free(facts);
	return err;
}

void elf_free(struct elf_facts *facts)
{
	for (size_t i = 0; facts->needed && facts->needed[i]; i++)
		free(facts->needed[i]);
	free(facts->needed);
	free(facts->loader);
	*facts = (struct elf_facts){ 0 };
}
