-- locked_by_others: a table that another session keeps from being read, one of the given ones if possible
select lock.relation::regclass::text as name
from pg_locks as lock
where lock.mode = 'AccessExclusiveLock'
  and lock.granted
  and lock.relation >= 16384
  and lock.database = (select oid from pg_database where datname = current_database())
  and lock.pid <> pg_backend_pid()
order by lock.relation <> all(array(select to_regclass(name)::oid from unnest(%(tables)s::text[]) as name)), 1
limit 1
