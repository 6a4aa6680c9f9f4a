"""How long a report and a load take, beside the plainest way to do the same; docs/benchmarks.md has the method.

report      `store-uptime report` from PostgreSQL and the straight script, alternately
large       200 000 stores from unsorted Parquet: time and peak memory
load        `store-uptime load` and a bare COPY of the same rows

straight, bare_copy and launch are run as processes of their own; common is what the three share.
"""
