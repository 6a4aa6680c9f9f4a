"""How long a report and a load take, beside the plainest way to do the same; docs/benchmarks.md has the method.

report      `store-uptime report` from PostgreSQL, Parquet and CSV, beside peers/ and the floors, in turn; draws plot
warm        a report from the service beside the cold command line, and one store
large       200 000 stores from unsorted Parquet, and the stage alone: time, memory, and the reading beside them
load        `store-uptime load` and a bare COPY of the same rows
service     what clients wait for while reports run
soak        whether a service grows in half an hour
page        how soon the page can be read and scrolled
growth      the cost of a poll as their number grows, and with a history longer than the horizon

straight, bare_copy, stage, asof, plot, launch and each of peers/ are run as processes of their own. common has what all
share, arguments reads their command lines, served has a service over a sample.
"""
