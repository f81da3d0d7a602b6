# passes: a shell stands before the program
here=$(dirname "$0")
exec python3 "$here/right.py" "$@"
