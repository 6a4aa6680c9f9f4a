-- catalogue: the columns of one table, whether they may be read, whether an index begins with them, and its size
select attribute.attname                                                          as name,
       format_type(coalesce(nullif(type.typbasetype, 0), type.oid), null)         as type,
       has_column_privilege(class.oid, attribute.attnum, 'select')                as readable,
       exists (
           select from pg_index
           where indrelid = class.oid and indkey[0] = attribute.attnum and indpred is null
       )                                                                          as indexed,
       class.reltuples::int8                                                      as estimated_rows,
       class.relkind = 'r'                                                        as is_table,
       format('%%I.%%I', schema.nspname, class.relname)                             as full_name
from pg_class as class
join pg_namespace as schema on schema.oid = class.relnamespace
join pg_attribute as attribute on attribute.attrelid = class.oid
join pg_type as type on type.oid = attribute.atttypid
where class.oid = %(table)s::oid and attribute.attnum > 0 and not attribute.attisdropped
order by attribute.attnum;
