-- lock_timeout: how long the tables are waited for, unless the role or the address says
select set_config('lock_timeout', %s, true)
where current_setting('lock_timeout') = '0'
