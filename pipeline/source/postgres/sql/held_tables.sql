-- held_tables: the table of each name, then every table that this transaction has locked, with the file of its rows
-- Both are as of now, not as of the snapshot: a table that is younger than the snapshot has no row in pg_class here,
-- and another file is how TRUNCATE and VACUUM FULL show, which a snapshot does not hide.
select name.number,
       to_regclass(name.name)::oid as oid,
       null                        as file
from unnest({names}::text[]) with ordinality as name (name, number)
union all
select null,
       lock.relation,
       pg_relation_filenode(lock.relation)
from pg_locks as lock
left join pg_class as class on class.oid = lock.relation
where lock.pid = pg_backend_pid()
  and lock.locktype = 'relation'
  and lock.relation >= 16384
  and coalesce(class.relkind not in ('i', 'I'), true)
order by 1, 2
