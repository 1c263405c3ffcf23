-- What must be true of a sanitised copy of Publishing API: each query returns no rows. What they
-- return says where to look and shows nothing of what is there.

-- A PutContent event still has its payload.
SELECT id AS event_id, action, created_at
FROM events
WHERE action ~ '^Put(Draft)?Content'
  AND payload::text <> '{}'
LIMIT 20;

-- An edition is still limited, or the limit outlived it.
SELECT id AS access_limit_id, edition_id
FROM access_limits
LIMIT 20;

-- A change note, unpublishing or link outlived its edition.
SELECT 'change_notes' AS leftover, id, edition_id
FROM change_notes
WHERE NOT EXISTS (SELECT FROM editions WHERE editions.id = edition_id)
UNION ALL
SELECT 'unpublishings', id, edition_id
FROM unpublishings
WHERE NOT EXISTS (SELECT FROM editions WHERE editions.id = edition_id)
UNION ALL
SELECT 'links', id, edition_id
FROM links
WHERE edition_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM editions WHERE editions.id = edition_id)
LIMIT 20;

-- A cached expansion that includes drafts is that of a document without any edition, or shows one.
WITH hidden_documents AS (
  SELECT content_id FROM documents
  EXCEPT
  SELECT content_id FROM documents JOIN editions ON editions.document_id = documents.id
)
SELECT id AS expansion_id, content_id
FROM expanded_links
WHERE with_drafts
  AND (
    content_id IN (SELECT content_id FROM hidden_documents)
    OR (
      SELECT bool_or(left(ltrim(rest, ': "'), 36) IN (SELECT content_id::text FROM hidden_documents))
      FROM string_to_table(expanded_links.expanded_links::text, '"content_id"') AS shown (rest)
    )
  )
LIMIT 20;
