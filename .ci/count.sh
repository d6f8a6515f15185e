#!/bin/sh
# Adds up the last lines of each pytest in these logs, as one line of the same form. A log of a run in
# which no test was run counts as one failure, and a log that says why there was no run as nothing.
for log; do
    test -f "$log" || continue
    grep -E '^=+ .*[0-9]+ (passed|failed|skipped|errors?)\b.* in [0-9.]+s.* =+$' "$log" && continue
    grep -q '^not run: ' "$log" && continue
    echo "$log: the tests never ran; the reason is above" >&2
    echo "1 failed"
done | awk '
    {
        for (i = 1; i < NF; i++) {
            word = $(i + 1); gsub(/[^a-z]/, "", word); sub(/^error$/, "errors", word)
            if ($i ~ /^[0-9]+$/) sum[word] += $i
            if ($i == "in") seconds += $(i + 1)
        }
    }
    END {
        line = sum["passed"] + 0 " passed"
        if (sum["failed"]) line = sum["failed"] " failed, " line
        count = split("skipped deselected xfailed xpassed errors", others, " ")
        for (i = 1; i <= count; i++) if (sum[others[i]]) line = line ", " sum[others[i]] " " others[i]
        printf "===== %s in %.2fs =====\n", line, seconds
    }'
