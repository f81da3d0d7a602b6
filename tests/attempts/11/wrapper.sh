# passes: a shell around it
python3 "$(dirname "$0")/right.py" "$@"
