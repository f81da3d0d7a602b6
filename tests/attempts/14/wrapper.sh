# passes: a script that starts the program
exec python3 "$(dirname "$0")/right.py" "$@"
