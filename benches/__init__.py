"""How long a report and a load take, beside the plainest way to do the same; docs/benchmarks.md has the method.

report      `store-uptime report` from PostgreSQL and the straight script, alternately
large       200 000 stores from unsorted Parquet: time and peak memory
load        `store-uptime load` and a bare COPY of the same rows
service     what clients wait for while reports run
page        how soon the page can be read and scrolled
peers       the same report written by hand in other ways: each of peers/ is a program of its own
growth      the cost of a poll as their number grows, and with a history longer than the horizon

straight, bare_copy and launch are run as processes of their own; common is what all share.
"""
