"""How long things take, beside the plainest way to do the same; docs/benchmarks.md has the method.

    python -m benches   what the targets are about, a row or all of them: reports (whole processes beside peers/ and the
                        reading), parts (in two passes, here and on a cluster), waits (clients of the service); data
                        makes what they read, targets judges, plot draws

load        `store-uptime load` and a bare COPY of the same rows
service     what clients wait for while reports run
soak        whether a service grows in half an hour
page        how soon the page can be read and scrolled
lake        a report of very many polls, and its memory as a picture
growth      the cost of a poll as their number grows, and with a history longer than the horizon

stage, hours, launch and each of peers/ are run as processes of their own. common has what all share, arguments reads
their command lines, served has a service over a sample, cluster a Dask cluster and a bucket.
"""
