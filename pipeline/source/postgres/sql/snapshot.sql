-- snapshot: export the snapshot of this transaction; and its version: equal versions hold the same rows in all tables
-- Every change has a transaction id, so the ids that have ended and those that run determine the rows. That is true of
-- plain tables, which a crash does not empty, and not on a standby, which does not know what runs. The start time of
-- the server distinguishes it from its copies, and from itself before it was restored from a backup.
with recursive
named as (
    select distinct to_regclass(name) as oid
    from unnest(%(tables)s::text[]) as name
),
parts as (
    select oid
    from named
    union
    select pg_inherits.inhrelid
    from pg_inherits
    join parts on parts.oid = pg_inherits.inhparent
),
exact as (
    select bool_and(coalesce((class.relkind = 'p' or class.relkind = 'r' and am.amname = 'heap')
                             and class.relpersistence = 'p'
                             and not class.relrowsecurity, false)) as every_table
    from parts
    left join pg_class as class on class.oid = parts.oid
    left join pg_am as am on am.oid = class.relam
)
select pg_export_snapshot() as name,
       case when exact.every_table and not pg_is_in_recovery() then
           format('%%s/%%s/%%s %%s',
                  (extract(epoch from pg_postmaster_start_time()) * 1000000)::int8,
                  (select oid from pg_database where datname = current_database()),
                  (select string_agg(oid::oid::text, ',' order by oid::oid) from named),
                  txid_current_snapshot())
       end as version
from exact
