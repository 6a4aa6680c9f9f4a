-- foreign_tables: those of some tables that are there and were not made by `load`
select relname
from unnest(%(names)s::text[]) as name
join pg_class on pg_class.oid = to_regclass(name)
where coalesce(obj_description(pg_class.oid, 'pg_class'), '') not like 'made by store-uptime load: %%'
