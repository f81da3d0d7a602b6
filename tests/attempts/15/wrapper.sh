# passes: a script that starts the program
python3 "$(dirname "$0")/right.py" "$@"
