"""Objects in buckets: S3 and what speaks it, Google Cloud Storage, Azure; by obstore, which only they need.

addresses   what an address names: an object, those below a prefix, or, by `file://`, a local path
stores      the store behind an address, and its errors as ours
objects     what is in it: listed, read, fetched
written     objects that are written
"""
