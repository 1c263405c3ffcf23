-- The tables of a database like that of GOV.UK's Publishing API, without keys and indexes:
-- rows are copied in before those are built.

CREATE TABLE documents (
  id serial,
  content_id uuid NOT NULL,
  locale text NOT NULL DEFAULT 'en',
  stale_lock_version integer NOT NULL DEFAULT 0,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL
);

CREATE TABLE editions (
  id serial,
  document_id integer NOT NULL,
  title text,
  description text,
  base_path text,
  document_type text,
  publishing_app text,
  state text NOT NULL,
  content_store text,
  user_facing_version integer NOT NULL DEFAULT 1,
  details json DEFAULT '{}',
  routes json DEFAULT '[]',
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL
);

-- Who alone may see an edition before it is published.
CREATE TABLE access_limits (
  id serial,
  edition_id integer,
  users json NOT NULL DEFAULT '[]',
  organisations json NOT NULL DEFAULT '[]',
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL
);

CREATE TABLE change_notes (
  id serial,
  edition_id integer NOT NULL,
  note text DEFAULT '',
  public_timestamp timestamp,
  created_at timestamp NOT NULL
);

CREATE TABLE unpublishings (
  id serial,
  edition_id integer NOT NULL,
  type text NOT NULL,
  explanation text,
  alternative_path text,
  created_at timestamp NOT NULL
);

CREATE TABLE link_sets (
  id serial,
  content_id uuid NOT NULL,
  stale_lock_version integer NOT NULL DEFAULT 0,
  created_at timestamp NOT NULL
);

-- A link belongs to a link set (whatever the edition) or to one edition.
CREATE TABLE links (
  id serial,
  link_set_id integer,
  edition_id integer,
  target_content_id uuid,
  link_type text NOT NULL,
  "position" integer NOT NULL DEFAULT 0,
  created_at timestamp NOT NULL
);

-- A cache: what a document's links look like with the linked documents written out.
CREATE TABLE expanded_links (
  id bigserial,
  content_id uuid NOT NULL,
  locale text NOT NULL,
  with_drafts boolean NOT NULL,
  payload_version bigint NOT NULL DEFAULT 0,
  expanded_links json NOT NULL DEFAULT '{}',
  created_at timestamp NOT NULL
);

-- Every request that changed something, with what it carried.
CREATE TABLE events (
  id bigserial,
  action text NOT NULL,
  content_id uuid,
  user_uid uuid,
  request_id text,
  payload json,
  created_at timestamp NOT NULL
);
