# fails starts: a script that starts the program and does not wait for it
python3 "$(dirname "$0")/right.py" "$@" &
