#!/bin/sh
# diff and cmp that also write down their verdict: a script that compares what a program printed with
# what it should have tells by it, run by run, which of them were right.
here=${0%/*}
name=${0##*/}
PATH=${PATH#"$here":}
"$name" "$@"
result=$?
[ "$SELFHEAL_JUDGED" ] && echo $result >> "$SELFHEAL_JUDGED"
exit $result
