-- Makes a copy of Email Alert API safe to read: who is subscribed to what stays, whose addresses
-- they are does not. Each address becomes one anonymous address, the same wherever it occurs:
-- in subscribers, in e-mails, in their subjects and in their bodies.
--
-- Runs in one transaction. Running it again changes nothing: anonymous addresses stay.

-- A day is enough to see what is sent. It is counted back from the newest e-mail of the copy, not
-- from now: else an older artefact would lose them all, and two restores of one artefact would
-- differ. An e-mail dated in the future must not make the others look old, hence the limit.
CREATE TEMPORARY TABLE old_emails ON COMMIT DROP AS
SELECT id
FROM emails
WHERE created_at < (
  SELECT least(max(created_at), now() AT TIME ZONE 'UTC') - interval '1 day' FROM emails
);

ANALYZE old_emails;

-- With their e-mail forgotten, these would look like something still to be told, and be sent.
DELETE FROM subscription_contents USING old_emails WHERE email_id = old_emails.id;
DELETE FROM emails USING old_emails WHERE emails.id = old_emails.id;

-- What looks like an address in a text, in four parts: what stands before it, the part before the
-- at sign, the at sign, and the host. Characters are told by what they are not, so that letters of
-- all alphabets are covered, whatever the locale. In links it may be percent-encoded, even twice:
--   encoded ASCII that stands before an address, as %3D, is kept and not taken for a part of it
--   the part before the at sign starts with a letter or a digit, so that quotes and emphasis stay,
--     and may hold encoded signs that addresses have, as %2B, and any that is not ASCII
--   the signs of links and lists, & = / ? | # end an address, although mail allows them in it
-- Each \u003b is a semicolon.
CREATE TEMPORARY TABLE address_pattern ON COMMIT DROP AS
SELECT
  '((?:%(?:25)*[0-7][0-9A-Fa-f])*)'
  || '((?:' || letter || '|' || encoded || ')'
  || '(?:' || letter || '|' || encoded || '|[-.+_''!$*^~{}`])*'
  || '|"(?:[^"\\]|\\.)+")'
  || '(@|%(?:25)*40|&#(?:64|[xX]40)\u003b)'
  || '(' || letter || '(?:(?:' || letter || '|[-.])*' || letter || ')?'
  || '|\[[0-9A-Fa-f:.]+\])'
  AS pattern
FROM (
  VALUES (
    '[^\s\u00a0\u200b!-/:-@\[-`{-~“”‘’«»…–—·•]',
    '%(?:25)*(?:2[147ABDEabde]|5[EFef]|60|7[BDEbde]|[89A-Fa-f][0-9A-Fa-f])'
  )
) AS parts (letter, encoded);

-- Every place where an address stands, with the address as it would be written plainly, in small
-- letters: John@Example.org and john%40example.org are one.
CREATE TEMPORARY TABLE occurrences ON COMMIT DROP AS
SELECT
  emails.id,
  field.name AS field,
  place,
  match[1] AS before,
  match[3] AS at_sign,
  CASE
    WHEN match[2] LIKE '%\%%' THEN
      replace(replace(replace(replace(replace(
        regexp_replace(lower(match[2]), '%(25)+', '%', 'g'),
        '%2b', '+'), '%2d', '-'), '%2e', '.'), '%5f', '_'), '%27', '''')
    ELSE lower(match[2])
  END || '@' || lower(match[4]) AS address
FROM emails
CROSS JOIN address_pattern
CROSS JOIN LATERAL (VALUES ('subject', subject), ('body', body)) AS field (name, content)
CROSS JOIN LATERAL regexp_matches(content, pattern, 'g') WITH ORDINALITY AS found (match, place)
UNION ALL
SELECT id, 'address', 1, '', '@', lower(address)
FROM emails;

-- One number for each address, in an order that tells nothing about them and is the same whenever
-- the same copy is made. Numbers go on after those of addresses that are anonymous already.
CREATE TEMPORARY TABLE anonymous ON COMMIT DROP AS
WITH originals AS (
  SELECT address, substring(address FROM '^anonymous-([0-9]{1,15})@example\.com$')::bigint AS number
  FROM (
    SELECT lower(address) AS address FROM subscribers WHERE address IS NOT NULL
    UNION
    SELECT address FROM occurrences
  ) AS found
)
SELECT
  address,
  'anonymous-' || coalesce(
    number,
    (SELECT coalesce(max(number), 0) FROM originals)
      + row_number() OVER (PARTITION BY number ORDER BY md5(address))
  ) AS name
FROM originals;

ANALYZE occurrences;
ANALYZE anonymous;

UPDATE subscribers
SET address = anonymous.name || '@example.com'
FROM anonymous
WHERE anonymous.address = lower(subscribers.address);

-- What to write instead, for each e-mail and in the order of its texts.
CREATE TEMPORARY TABLE instead ON COMMIT DROP AS
SELECT
  id,
  min(name || '@example.com') FILTER (WHERE field = 'address') AS address,
  array_agg(before || name || at_sign || 'example.com' ORDER BY place)
    FILTER (WHERE field = 'subject') AS subject,
  array_agg(before || name || at_sign || 'example.com' ORDER BY place)
    FILTER (WHERE field = 'body') AS body
FROM occurrences
JOIN anonymous USING (address)
GROUP BY id;

ANALYZE instead;

-- Each text is cut at its addresses and put together again with the others in their places: one
-- pass over the texts, however many addresses there are.
UPDATE emails
SET
  address = instead.address,
  subject = CASE WHEN instead.subject IS NULL THEN emails.subject ELSE (
    SELECT string_agg(concat(kept, written), '' ORDER BY place)
    FROM ROWS FROM (
      regexp_split_to_table(emails.subject, pattern),
      unnest(instead.subject)
    ) WITH ORDINALITY AS piece (kept, written, place)
  ) END,
  body = CASE WHEN instead.body IS NULL THEN emails.body ELSE (
    SELECT string_agg(concat(kept, written), '' ORDER BY place)
    FROM ROWS FROM (
      regexp_split_to_table(emails.body, pattern),
      unnest(instead.body)
    ) WITH ORDINALITY AS piece (kept, written, place)
  ) END
FROM instead
CROSS JOIN address_pattern
WHERE instead.id = emails.id;
