"""Writes the completion of a shell from what `cstorm --help` and `cstorm COMMAND --help` say.

usage: generate.py bash|zsh CSTORM
"""

import re
import subprocess
import sys

OPTION = re.compile(r"^  (?:(-\w)(?:, )?)?(--[\w-]+)?(?: ([A-Z]\S*))?(?:  +(.*))?$")

# What the arguments of commands are; of the others, topologies. How a kind is completed is below.
ARGUMENTS = {"activate": "", "deactivate": "", "errors": "", "info": "", "kill": "", "list": "", "log-level": "", "new": "", "ps": "", "rebalance": "run", "stats": "", "tap": "", "top": "run"}
VALUES = {"FILE": "file", "PATH": "file", "DIR": "file", "COMPONENT=N": "component", "COMPONENT=COMMAND": "component",
          "RUN": "run"}

BASH = """\
# Completion of cstorm for bash.

# The components of the YAML on the line. It is not loaded, for that may run programs of the user's.
_cstorm_components() {
	local word
	for word in "${COMP_WORDS[@]:2}"; do
		case $word in
		*.yaml | *.yml) [ -r "$word" ] && sed -n 's/^[- ]*id: *["'\\'']\\{0,1\\}\\([^"'\\'' #]*\\).*/\\1=/p' "$word" ;;
		esac
	done
}

_cstorm() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local options= kind=file
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		COMPREPLY=($(compgen -W "@COMMANDS@ --help --version" -- "$current"))
		return
	fi
	case ${COMP_WORDS[1]} in
@CASES@	*) return ;;
	esac
	case $current in
	-*) COMPREPLY=($(compgen -W "$options" -- "$current")); return ;;
	esac
	case $kind in
	file) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")) ;;
	component)
		compopt -o nospace 2>/dev/null
		COMPREPLY=($(compgen -W "$(_cstorm_components)" -- "$current"))
		;;
	run) COMPREPLY=($(compgen -W "$(cstorm ps 2>/dev/null | sed 1d | awk '{ print $1; print $2 }')" -- "$current")) ;;
	esac
}

complete -F _cstorm cstorm
"""

ZSH = """\
#compdef cstorm
# Completion of cstorm for zsh.

# The components of the YAML on the line. It is not loaded, for that may run programs of the user's.
_cstorm_component() {
	local word
	for word in $words; do
		if [[ $word == *.(yaml|yml) && -r $word ]]; then
			compadd -S '=' -- ${(f)"$(sed -n 's/^[- ]*id: *["'\\'']\\{0,1\\}\\([^"'\\'' #]*\\).*/\\1/p' $word)"}
		fi
	done
}

_cstorm_run() {
	compadd -- ${(f)"$(cstorm ps 2>/dev/null | sed 1d | awk '{ print $1; print $2 }')"}
}

_cstorm() {
	local state line
	_arguments -C '(- *)'{-h,--help}'[list the commands]' '(- *)--version[print the version]' '1:command:->command' '*::argument:->argument'
	case $state in
	command)
		local -a commands=(
@COMMANDS@		)
		_describe command commands
		;;
	argument)
		case $words[1] in
@CASES@		esac
		;;
	esac
}

_cstorm "$@"
"""


def help_of(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def commands_of(program):
    """The commands: (name, summary)."""
    text = help_of(program, "--help").split("Commands:\n")[1].split("\n\n")[0]
    return [line.split(None, 1) for line in text.splitlines()]


def options_of(program, command):
    """The options of a command: (names, value, summary)."""
    found = []
    for line in help_of(program, command, "--help").split("Options:\n")[1].splitlines():
        option = OPTION.match(line)
        if not line.startswith("  "):
            break
        if option and (option[1] or option[2]):
            found.append(([name for name in option.group(1, 2) if name], option[3], option[4] or ""))
    return found


def bash_case(command, options):
    lines = [f"\t{command})", "\t\toptions='" + " ".join(name for names, _, _ in options for name in names) + "'"]
    lines.append(f"\t\tkind={ARGUMENTS.get(command, 'file')}")
    lines.append("\t\tcase $previous in")
    for names, value, _ in options:
        if value:
            lines.append(f"\t\t{' | '.join(names)}) kind={VALUES.get(value, '')} options= ;;")
    return "\n".join(lines + ["\t\tesac", "\t\t;;", ""])


def zsh_quote(text):
    return text.replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def zsh_action(kind):
    return {"file": "_files", "component": "_cstorm_component", "run": "_cstorm_run"}.get(kind, " ")


def zsh_case(command, options):
    words = []
    for names, value, summary in options:
        group = f"'({' '.join(names)})'{{{','.join(names)}}}" if len(names) > 1 else f"{names[0]}"
        if value and not names[0].startswith("--") and len(names) == 1:
            group = "'*'" + group
        words.append(f"{group}'[{zsh_quote(summary)}]" + (f":{zsh_quote(value)}:{zsh_action(VALUES.get(value))}'" if value else "'"))
    words.append(f"'*:argument:{zsh_action(ARGUMENTS.get(command, 'file'))}'")
    return f"\t\t{command})\n\t\t\t_arguments " + " \\\n\t\t\t\t".join(words) + "\n\t\t\t;;\n"


def main(shell, program):
    commands = commands_of(program)
    options = {name: options_of(program, name) for name, _ in commands}
    if shell == "bash":
        text = BASH.replace("@COMMANDS@", " ".join(name for name, _ in commands))
        text = text.replace("@CASES@", "".join(bash_case(name, options[name]) for name, _ in commands))
    else:
        text = ZSH.replace("@COMMANDS@", "".join(f"\t\t\t'{name}:{zsh_quote(summary)}'\n" for name, summary in commands))
        text = text.replace("@CASES@", "".join(zsh_case(name, options[name]) for name, _ in commands))
    sys.stdout.write(text)


main(*sys.argv[1:])
