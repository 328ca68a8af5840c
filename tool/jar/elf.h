/* What a native program, or a shared library, needs of the machine that it runs on. */
#ifndef JAR_ELF_H
#define JAR_ELF_H

struct elf_facts {
	const char *machine; /* as `uname -m` says, without the version of an arm or an i386 */
	char *loader; /* the path of its dynamic loader; NULL: it needs none */
	char **needed; /* the names of shared libraries, NULL after the last */
	int glibc; /* the minor number of the version 2.N that it needs; -1: none */
};

/* Read a file: 0, -ENOEXEC for one that is no ELF file of a known machine, or another negative errno. */
int elf_read(struct elf_facts *facts, const char *path);
void elf_free(struct elf_facts *facts);

#endif
