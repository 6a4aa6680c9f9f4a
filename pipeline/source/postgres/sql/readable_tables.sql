-- readable_tables: the tables of some names that this user may read; the settings that have their default; the lock
-- timeout in milliseconds, where one was set; and the process of the server that answers, which shows a pooler
with settings as materialized (  -- once: to list the settings takes longer than all else here
    select name, setting, source
    from pg_settings
    where name = any(%(settings)s)
)
select array(
           select distinct format('%%I.%%I', schema.nspname, class.relname)
           from unnest(%(tables)s::text[]) as name
           join pg_class as class on class.oid = to_regclass(name)
           join pg_namespace as schema on schema.oid = class.relnamespace
           where has_any_column_privilege(class.oid, 'select')
       )                as tables,
       array(select name from settings where source = 'default') as unset,
       (
           select setting::int8
           from settings
           where name = 'lock_timeout' and source <> 'default'
       )                as lock_timeout_ms,
       pg_backend_pid() as process
