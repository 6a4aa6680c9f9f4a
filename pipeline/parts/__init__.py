"""A report in two passes, whose memory does not grow with the polls: here, or on a cluster.

    size.py        whether two passes are called for
    cluster.py     what is chosen: where tasks run, where objects lie, how large parts are
    driver.py      the two passes, one after the other
    run_name.py    what a run is called, so that a second start finds what the first has left
    claim.py       who is at a run

    job.py         what every task of a run is told
    groups.py      the files of a source in groups, each read by one task of the first pass
    ranges.py      the bounds of ranges of store ids, from ids of random rows
    spread.py      pass 1: a group in; one object out, with a segment for each range
    segments.py    how polls lie in a segment
    index.py       the segments of all groups by range: what pass 1 has left
    part.py        pass 2: the segments of one range in; the figures of its stores out
    joined.py      the figures of all ranges as one report

    exchange.py    where objects lie between the passes: a folder, or a bucket
    tasks.py       tasks, and what runs them
    executors.py   this process, or a cluster

`spread` and `part` are functions of their arguments and of what they read, so that a task can be done twice, anywhere.
"""
