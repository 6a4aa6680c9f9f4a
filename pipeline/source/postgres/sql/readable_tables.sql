-- readable_tables: the tables of some names that this user may read; for each name that may lead to anything, whether it
-- is read; the settings that have their default; the lock timeout in milliseconds, where one was set; and the process of
-- the server that answers, which shows a pooler
with settings as materialized (  -- once: to list the settings takes longer than all else here
    select name, setting, source
    from pg_settings
    where name = any(%(settings)s)
),
optional as (
    select name.number,
           name.name,
           case
               when class.oid is null then 'absent'
               when attribute.attnum is null then 'another table'
               when has_column_privilege(class.oid, attribute.attnum, 'select') then 'readable'
               else 'not permitted'
           end as state
    from unnest(%(optional)s::text[], %(id_columns)s::text[]) with ordinality as name (name, id_column, number)
    left join pg_class as class on class.oid = to_regclass(name.name)
                               and class.relkind in ('r', 'p', 'v', 'm', 'f')
    left join pg_attribute as attribute on attribute.attrelid = class.oid
                                       and attribute.attname = name.id_column
                                       and attribute.attnum > 0
                                       and not attribute.attisdropped
)
select array(
           select distinct format('%%I.%%I', schema.nspname, class.relname)
           from unnest(%(tables)s::text[]) as name
           join pg_class as class on class.oid = to_regclass(name)
           join pg_namespace as schema on schema.oid = class.relnamespace
           where has_any_column_privilege(class.oid, 'select')
             and name not in (select optional.name from optional where state <> 'readable')
       )                                                          as tables,
       array(select state from optional order by number)          as optional,
       array(select name from settings where source = 'default')  as unset,
       (
           select setting::int8
           from settings
           where name = 'lock_timeout' and source <> 'default'
       )                                                          as lock_timeout_ms,
       pg_backend_pid()                                           as process
