# passes: a shell with the program behind it
python3 "$(dirname "$0")/right.py" "$@"
