-- The week of every store as the page draws it: Parquet, null in reports that are older than this.
alter table store_uptime.report add column lanes bytea;
alter table store_uptime.report alter lanes set storage external;
