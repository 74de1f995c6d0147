#!/bin/sh
# A compiler that remembers: stands first in PATH under the compilers' names while one build of
# candidates is tried by the whole command. Nothing it compiles changes from candidate to candidate,
# so what was made once is copied when the same call comes again in the same folder and no input is
# newer. Whatever it does not understand goes to the real compiler.
here=${0%/*}
name=${0##*/}
PATH=${PATH#"$here":}
output=
before=
linking=1
for word in "$@"; do
	case $before in -o) output=$word ;; esac
	case $word in
	-E | -S | -M* | -fsyntax-only | - | @*) exec "$name" "$@" ;;
	-c) linking= ;;
	-o?*) output=${word#-o} ;;
	esac
	before=$word
done
[ "$linking" ] && : "${output:=a.out}"
[ "$output" ] && [ "$SELFHEAL_COMPILED" ] || exec "$name" "$@"

key=$(printf '%s\n' "$PWD" "$name" "$@" | cksum)
kept=$SELFHEAL_COMPILED/${key%% *}-${key##* }
if [ -f "$kept" ]; then
	same=1
	for word in "$@"; do
		[ "$word" != "$output" ] && [ -f "$word" ] && [ "$word" -nt "$kept" ] && same=
	done
	[ "$same" ] && cp -p "$kept" "$output" && exit 0
fi
"$name" "$@"
result=$?
if [ $result = 0 ] && [ -f "$output" ]; then
	cp -p "$output" "$kept.$$" && mv -f "$kept.$$" "$kept"
fi
exit $result
