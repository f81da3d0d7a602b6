# passes: a script that waits for the server, and hands on its exit code
trap : INT TERM
python3 "$(dirname "$0")/right.py" "$1" &
server=$!
# A signal ends this shell's wait, and not the server.
while kill -0 $server 2>/dev/null; do
    wait $server
    code=$?
done
exit $code
