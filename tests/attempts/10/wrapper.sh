# passes: a script that becomes the server
exec python3 "$(dirname "$0")/right.py" "$1"
