-- Who has done what.

-- record_audit: what somebody has done
insert into store_uptime.audit (who, client, action, subject, detail)
values (%(who)s, %(client)s, %(action)s, %(subject)s, %(detail)s);

-- record_failed_sign_in: a sign-in that was refused, unless there were so many within an hour that whoever guesses keys
-- would fill the table: of one client, or of all
with lately as (
    select count(*) as all_of_them, count(*) filter (where client = %(client)s) as of_client
    from store_uptime.audit
    where action = 'sign-in failed' and at > now() - interval '1 hour'
)
insert into store_uptime.audit (client, action, subject, detail)
select %(client)s, 'sign-in failed', %(subject)s,
       case when of_client + 1 = %(of_client)s or all_of_them + 1 = %(of_all)s
            then 'further ones of this hour are in the log alone' else '' end
from lately
where of_client < %(of_client)s and all_of_them < %(of_all)s;

-- audit_entries: what was done, the newest first
select at, who, client, action, subject, detail
from store_uptime.audit
where (%(who)s::text is null or who = %(who)s)
  and (%(subject)s::text is null or subject = %(subject)s)
  and (%(since)s::interval is null or now() - at <= %(since)s)
order by id desc
limit %(limit)s;
