#!/bin/sh
# Usage: sh cstorm/start.sh PROGRAM [ARGUMENT...]
#
# Becomes the program that this folder has for the machine at hand. Storm extracts the files of a
# jar without the bit that allows to execute them, and its folder need not be ours to change.

program=$1
shift
machine=$(uname -m)
case $machine in
armv*) machine=arm ;;
i?86) machine=i386 ;;
esac
folder=$PWD/cstorm/bin/$machine
file=$folder/$program

if [ ! -f "$file" ]; then
	# shellcheck disable=SC2012 # names of machines
	echo "$program: the jar of this topology has none for $machine, only for:" \
		"$(ls cstorm/bin | tr '\n' ' ')" >&2
	exit 127
fi
if [ -d "$folder/lib" ]; then
	LD_LIBRARY_PATH=$folder/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
	export LD_LIBRARY_PATH
fi

[ -x "$file" ] || chmod +x "$file" 2>/dev/null
[ -x "$file" ] && exec "$file" "$@"

# The loader reads a program without the bit, unless nothing there may be executed.
if [ -f "$file.loader" ]; then
	read -r loader <"$file.loader"
	"$loader" --verify "$file" >/dev/null 2>&1 && exec "$loader" "$file" "$@"
fi

copies=$(mktemp -d "${TMPDIR:-/tmp}/cstorm.XXXXXX") && cp "$file" "$copies/" &&
	chmod +x "$copies/$program" && [ -x "$copies/$program" ] || {
	echo "$program: cannot be executed in $folder, nor copied to ${TMPDIR:-/tmp}: set TMPDIR" \
		"in topology.environment to a folder where programs may run" >&2
	exit 126
}
trap 'rm -rf "$copies"' EXIT
"$copies/$program" "$@"
