-- all_tables: every table and view that this user may read, with the names and types of its columns
select schema.nspname                                                                as schema,
       class.relname                                                                 as name,
       pg_table_is_visible(class.oid)                                                as is_on_search_path,
       array_agg(attribute.attname::text order by attribute.attnum)                  as columns,
       array_agg(format_type(coalesce(nullif(type.typbasetype, 0), type.oid), null)
                 order by attribute.attnum)                                          as types
from pg_class as class
join pg_namespace as schema on schema.oid = class.relnamespace
join pg_attribute as attribute on attribute.attrelid = class.oid and attribute.attnum > 0 and not attribute.attisdropped
join pg_type as type on type.oid = attribute.atttypid
where class.relkind in ('r', 'p', 'v', 'm', 'f') and not class.relispartition
  and schema.nspname !~ '^pg_' and schema.nspname not in ('information_schema', 'store_uptime')
  and (%(schema)s::text is null or schema.nspname = %(schema)s)
  and has_column_privilege(class.oid, attribute.attnum, 'select')
group by class.oid, schema.nspname, class.relname
order by schema.nspname, class.relname
