-- Makes a copy of Publishing API safe to read: without the payloads of PutContent events, and
-- without the editions that only some people may see, with all that hangs on them.
--
-- Runs in one transaction. Running it again changes nothing. It is written for a copy that has just
-- been restored, whose statistics are still missing: sets are joined, not looked up row by row.

-- Payloads hold drafts nobody has published, with the names and addresses in them. The events
-- stay, so that histories keep their length. Older releases wrote content under longer names:
-- PutContentWithLinks, PutDraftContentWithLinks. An empty object is what a reader of payloads
-- can bear, where nothing at all might break it.
UPDATE events
SET payload = '{}'
WHERE action ~ '^Put(Draft)?Content'
  AND payload::text <> '{}';

-- A limit is on an edition, and goes when that is published: the other editions of the same
-- document were or are public.
CREATE TEMPORARY TABLE limited_editions ON COMMIT DROP AS
SELECT DISTINCT editions.id, documents.content_id
FROM access_limits
JOIN editions ON editions.id = access_limits.edition_id
JOIN documents ON documents.id = editions.document_id;

ANALYZE limited_editions;

DELETE FROM change_notes USING limited_editions WHERE edition_id = limited_editions.id;
DELETE FROM unpublishings USING limited_editions WHERE edition_id = limited_editions.id;
DELETE FROM links USING limited_editions WHERE edition_id = limited_editions.id;
DELETE FROM editions USING limited_editions WHERE editions.id = limited_editions.id;

-- All of them: a limit whose edition is gone still names people.
DELETE FROM access_limits;

-- Cached expansions that include drafts show a limited edition to whoever reads a document that
-- links to it. Publishing API makes them again when it misses them. Those that show a document
-- without any edition go too: they are left from limited editions that were discarded.
CREATE TEMPORARY TABLE hidden_documents ON COMMIT DROP AS
SELECT content_id FROM limited_editions
UNION
(
  SELECT content_id FROM documents
  EXCEPT
  SELECT content_id FROM documents JOIN editions ON editions.document_id = documents.id
);

ANALYZE hidden_documents;

-- The JSON is cut at each "content_id", whose value is then what comes first. Reading it as jsonb
-- would take longer and fail on some of what json allows.
DELETE FROM expanded_links
WHERE with_drafts
  AND (
    content_id IN (SELECT content_id FROM hidden_documents)
    OR (
      SELECT bool_or(left(ltrim(rest, ': "'), 36) IN (SELECT content_id::text FROM hidden_documents))
      FROM string_to_table(expanded_links.expanded_links::text, '"content_id"') AS shown (rest)
    )
  );
