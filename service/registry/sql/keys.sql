-- API keys, and the sessions that begin with one.

-- insert_key: a new API key
with added as (
    insert into store_uptime.api_key (name, id, hash, role, expires_at)
    values (%(name)s, %(id)s, %(hash)s, %(role)s, %(expires_at)s)
    on conflict do nothing
    returning name
), noted as (
    insert into store_uptime.audit (who, client, action, subject, detail)
    select %(who)s, %(client)s, 'key added', name, %(role)s from added
)
select name from added;

-- all_keys: every key, the secret part apart
select name, id, role, created_at, expires_at, last_used_at, revoked_at, expires_at <= now() as has_ended
from store_uptime.api_key
order by created_at;

-- revoke_key: a key that opens nothing any more, nor do the sessions that it began
with revoked as (
    update store_uptime.api_key set revoked_at = now() where name = %(name)s and revoked_at is null returning name
), noted as (
    insert into store_uptime.audit (who, client, action, subject)
    select %(who)s, %(client)s, 'key revoked', name from revoked
)
select name from revoked;

-- keys_exist: whether there is any key; one that is revoked or has ended counts, or the last one would open the door
select exists (select from store_uptime.api_key) as keys_exist;

-- find_key: the key with this visible part
select name, hash, role
from store_uptime.api_key
where id = %(id)s and revoked_at is null and (expires_at is null or expires_at > now());

-- record_key_use: when a key was last used, to the minute; of several servers that say so at once one writes it
update store_uptime.api_key
set last_used_at = now()
where name = %(name)s and (last_used_at is null or last_used_at < now() - interval '1 minute');

-- insert_session: a signed-in browser, for as long as its key opens anything
with added as (
    insert into store_uptime.session (hash, key_name, csrf_token, expires_at)
    select %(hash)s, name, %(csrf_token)s, least(now() + %(duration)s, expires_at)
    from store_uptime.api_key
    where name = %(key_name)s
    returning key_name
)
insert into store_uptime.audit (who, client, action, subject)
select key_name, %(client)s, 'signed in', key_name from added;

-- find_session: the key that a session was begun with
select key.name, key.role, session.csrf_token
from store_uptime.session
join store_uptime.api_key as key on key.name = session.key_name
where session.hash = %(hash)s
  and session.expires_at > now()
  and key.revoked_at is null
  and (key.expires_at is null or key.expires_at > now());

-- delete_session: sign out
with ended as (
    delete from store_uptime.session where hash = %(hash)s returning key_name
)
insert into store_uptime.audit (who, client, action, subject)
select key_name, %(client)s, 'signed out', key_name from ended;
