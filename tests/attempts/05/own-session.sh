# passes: a script whose program is in a session of its own, as in a container
setsid python3 "$(dirname "$0")/right.py" "$@" &
program=$!
trap 'kill $program' TERM
wait $program
