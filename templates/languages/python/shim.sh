#!/bin/sh
# Stands first on PATH under the names of Python's commands, for what sets PYTHONPATH itself (a
# Makefile, a script): puts our folder back in front and gives way to the command of that name.
name=${0##*/}
case ":$PYTHONPATH:" in
*":$SELFHEAL_HOOK:"*) ;;
*) export PYTHONPATH="$SELFHEAL_HOOK${PYTHONPATH:+:$PYTHONPATH}" ;;
esac
IFS=:
for folder in $PATH; do
	if [ "$folder" != "$SELFHEAL_HOOK/bin" ] && [ -x "$folder/$name" ]; then
		unset IFS
		exec "$folder/$name" "$@"
	fi
done
echo "$name: not found" >&2
exit 127
