#!/bin/sh
# Print the first Python 3.11 to 3.13 on the PATH; PYTHON=/path/to/python goes before all others.
# Each candidate is run, because a launcher may stand for a version that is not there.

fits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

if [ -n "$PYTHON" ]; then
    command -v "$PYTHON" && exit 0
fi
IFS=:
for name in python3.11 python3.12 python3.13 python3 python; do
    for folder in $PATH; do
        candidate="${folder:-.}/$name"
        if [ -x "$candidate" ] && "$candidate" -c "$fits" 2>/dev/null; then
            echo "$candidate"
            exit 0
        fi
    done
done
echo "Python 3.11, 3.12 or 3.13 is needed and none was found. Install one (Debian, Ubuntu:" \
    "sudo apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python" >&2
# What make runs next must fail with this line as the last one to read.
echo false
exit 1
