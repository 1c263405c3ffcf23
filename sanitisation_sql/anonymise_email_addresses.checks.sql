-- What must be true of a sanitised copy of Email Alert API: each query returns no rows. What they
-- return says where to look and shows no address.

-- A subscriber has an address that is not anonymous.
SELECT id AS subscriber_id
FROM subscribers
WHERE address !~ '^anonymous-[0-9]+@example\.com$'
LIMIT 20;

-- An e-mail is to an address that is not anonymous.
SELECT id AS email_id
FROM emails
WHERE address !~ '^anonymous-[0-9]+@example\.com$'
LIMIT 20;

-- A subject holds something like an address that is not anonymous. It is told more simply than the
-- script tells it: an at sign, plain or encoded, between letters or digits.
SELECT id AS email_id
FROM emails
WHERE regexp_replace(
    subject, 'anonymous-[0-9]+(@|%(25)*40|&#(64|[xX]40)\u003b)example\.com', ' ', 'g'
  ) ~ '[[:alnum:]"](@|%(25)*40|&#(64|[xX]40)\u003b)[[:alnum:]]'
LIMIT 20;

-- A body does.
SELECT id AS email_id
FROM emails
WHERE regexp_replace(
    body, 'anonymous-[0-9]+(@|%(25)*40|&#(64|[xX]40)\u003b)example\.com', ' ', 'g'
  ) ~ '[[:alnum:]"](@|%(25)*40|&#(64|[xX]40)\u003b)[[:alnum:]]'
LIMIT 20;

-- An e-mail is more than a day older than the newest.
SELECT id AS email_id, created_at
FROM emails
WHERE created_at < (
  SELECT least(max(created_at), now() AT TIME ZONE 'UTC') - interval '1 day' FROM emails
)
LIMIT 20;
