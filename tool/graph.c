/* cstorm graph: draw a topology. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "protocol/description.h"
#include "topology.h"

static const char help[] =
	"Usage: cstorm graph [OPTION]... TOPOLOGY\n"
	"\n"
	"Draw a topology: components with their tasks, streams with their groupings. On a terminal\n"
	"it is text, else the language of Graphviz: cstorm graph t.yaml | dot -Tsvg > t.svg\n"
	"\n"
	"Options:\n" TOPOLOGY_HELP "  --dot             draw in the language of Graphviz\n"
	"  --svg             draw as SVG; needs Graphviz\n"
	"  --text            draw as text\n"
	"  -h, --help        print this\n"
	"\n"
	"Exit status: 0 drawn, 1 failed, 2 wrong usage or invalid topology.\n";

enum form {
	FORM_AUTO,
	FORM_DOT,
	FORM_SVG,
	FORM_TEXT,
};

struct request {
	struct topology_options topology;
	enum form form;
};

/* Another stream than the default one is named; so are the fields that a grouping goes by. */
static void print_edge(
	FILE *out, const struct spec_input *input, void (*print)(FILE *, const char *))
{
	if (strcmp(input->stream, "default") != 0) {
		print(out, input->stream);
		fputs(": ", out);
	}
	fputs(grouping_names[input->grouping], out);
	for (size_t i = 0; i < input->field_count; i++) {
		fputs(i == 0 ? " by " : ", ", out);
		print(out, input->fields[i]);
	}
}

static void print_size(FILE *out, const struct spec_component *component)
{
	static const char *const kinds[] = {
		[SPEC_CLASS] = "",
		[SPEC_SHELL] = "",
		[SPEC_JAVA] = "Java ",
	};

	fprintf(out, "%s%s, %d task%s", kinds[component->kind],
		component->is_spout ? "spout" : "bolt", component->tasks,
		component->tasks == 1 ? "" : "s");
}

/* In the language of Graphviz */

static void print_quoted(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text == '\n' ? ' ' : *text, out);
	}
}

static void draw_dot(FILE *out, const struct spec *spec)
{
	fputs("digraph \"", out);
	print_quoted(out, spec->name);
	fputs("\" {\n\trankdir=LR;\n\tnode [shape=box, style=\"rounded,filled\", fillcolor=white, "
	      "fontname=\"sans-serif\"];\n\tedge [fontname=\"sans-serif\", fontsize=10];\n",
		out);
	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];

		fputs("\t\"", out);
		print_quoted(out, component->name);
		fputs("\" [label=\"", out);
		print_quoted(out, component->name);
		fputs("\\n", out);
		print_size(out, component);
		fprintf(out, "\"%s];\n", component->is_spout ? ", fillcolor=lightblue" : "");
		for (size_t j = 0; j < component->input_count; j++) {
			const struct spec_input *input = &component->inputs[j];

			fputs("\t\"", out);
			print_quoted(out, input->component);
			fputs("\" -> \"", out);
			print_quoted(out, component->name);
			fputs("\" [label=\"", out);
			print_edge(out, input, print_quoted);
			fputs("\"];\n", out);
		}
	}
	fputs("}\n", out);
}

/* Have Graphviz draw: an exit status. */
static int draw_svg(const struct spec *spec)
{
	FILE *dot;
	int status;

	signal(SIGPIPE, SIG_IGN); /* its exit status says what went wrong */
	fflush(stdout);
	dot = popen("dot -Tsvg", "w");
	if (!dot) {
		fprintf(stderr, "cstorm graph: cannot start dot: %s\n", strerror(errno));
		return EXIT_STATUS_FAILED;
	}
	draw_dot(dot, spec);
	status = pclose(dot);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		fprintf(stderr,
			"cstorm graph: --svg needs Graphviz: install it (Debian: graphviz), or "
			"take --dot or --text\n");
	return status == 0 ? EXIT_STATUS_DONE : EXIT_STATUS_FAILED;
}

/* As text */

static void print_plain(FILE *out, const char *text)
{
	fputs(text, out);
}

static void print_times(const char *text, size_t count)
{
	while (count-- > 0)
		fputs(text, stdout);
}

/* The characters of a name, which may take several bytes each. */
static size_t width_of(const char *name)
{
	size_t width = 0;

	for (; *name != '\0'; name++)
		width += (*name & 0xC0) != 0x80;
	return width;
}

/* The number of inputs of others that a component's tuples go to. */
static size_t count_receivers(const struct spec *spec, size_t source)
{
	size_t count = 0;

	for (size_t i = 0; i < spec->component_count; i++) {
		for (size_t j = 0; j < spec->components[i].input_count; j++)
			count += spec->components[i].inputs[j].source == source;
	}
	return count;
}

static void draw_receivers(const struct spec *spec, size_t source, size_t left)
{
	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];

		for (size_t j = 0; j < component->input_count; j++) {
			if (component->inputs[j].source != source)
				continue;
			fputs(--left > 0 ? "  ├─ " : "  └─ ", stdout);
			print_edge(stdout, &component->inputs[j], print_plain);
			printf(" ─▶ %s\n", component->name);
		}
	}
}

static void draw_text(const struct spec *spec)
{
	printf("%s\n", spec->name);
	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];
		size_t receivers = count_receivers(spec, i);

		fputs("\n┌─", stdout);
		print_times("─", width_of(component->name));
		printf("─┐\n│ %s │ ", component->name);
		print_size(stdout, component);
		fputs(receivers > 0 ? "\n└─┬" : "\n└──", stdout);
		print_times("─", width_of(component->name) - 1);
		fputs("─┘\n", stdout);
		draw_receivers(spec, i, receivers);
	}
}

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "dot", no_argument, NULL, 'd' },
		{ "svg", no_argument, NULL, 's' },
		{ "text", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		TOPOLOGY_LONG_OPTIONS,
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, TOPOLOGY_SHORT_OPTIONS "h", options, NULL)) !=
		-1) {
		if (topology_option(&request->topology, option, optarg))
			continue;
		switch (option) {
		case 'd':
			request->form = FORM_DOT;
			break;
		case 's':
			request->form = FORM_SVG;
			break;
		case 't':
			request->form = FORM_TEXT;
			break;
		case 'h':
			fputs(help, stdout);
			return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : -1;
		default:
			return topology_refuse(
				&request->topology, "the options are not understood", "");
		}
	}
	return topology_argument(&request->topology, argc, argv);
}

static int draw(const struct spec *spec, enum form form)
{
	if (form == FORM_AUTO)
		form = isatty(STDOUT_FILENO) ? FORM_TEXT : FORM_DOT;
	if (form == FORM_SVG)
		return draw_svg(spec);
	if (form == FORM_DOT)
		draw_dot(stdout, spec);
	else
		draw_text(spec);
	return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}

static int graph(const struct request *request)
{
	struct problems problems = { 0 };
	struct spec spec = { 0 };
	int status = EXIT_STATUS_USAGE;

	if (topology_load(&spec, &request->topology, &problems) == 0)
		status = draw(&spec, request->form);
	problems_print(&problems, stderr);
	spec_free(&spec);
	problems_free(&problems);
	return status;
}

int command_graph(int argc, char **argv)
{
	struct request request = { 0 };
	int status;

	topology_begin(&request.topology, "cstorm graph");
	status = parse_arguments(&request, argc, argv);
	if (status == EXIT_STATUS_DONE)
		status = graph(&request);
	topology_options_free(&request.topology);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
