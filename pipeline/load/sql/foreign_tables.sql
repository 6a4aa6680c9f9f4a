-- foreign_tables: those of the three tables that are there and were not made by `load`
select relname
from pg_class
where oid in (to_regclass('store_status'), to_regclass('menu_hours'), to_regclass('timezones'))
  and coalesce(obj_description(oid, 'pg_class'), '') not like 'made by store-uptime load: %';
