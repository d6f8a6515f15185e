# Prints the targets of a Makefile: a line `## Group` opens a group, and what follows
# `##` on a target's line says what the target does.
BEGIN { FS = ":.*## " }
/^## / { printf "\n%s\n", substr($0, 4) }
/^[a-z-]+:.*## / { printf "  %-16s%s\n", $1, $2 }
