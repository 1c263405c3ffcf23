-- Something of everything that a dump can hold and every server understands.
CREATE SCHEMA "Odd; ""Schema""";
COMMENT ON SCHEMA "Odd; ""Schema""" IS 'with a comment';
CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"', E'line\nbreak');
CREATE DOMAIN postcode AS text CHECK (VALUE ~ '^[A-Z0-9 ]+$');
CREATE TYPE pair AS (a integer, b text);
CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';

CREATE TABLE authors (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE, mood mood, home postcode, couple pair,
  doubled integer GENERATED ALWAYS AS (length(home) * 2) STORED
);
INSERT INTO authors (name, mood, home, couple)
SELECT 'Name ' || i, 'sad', 'AB1 2CD', ROW(i::integer, E'x\ty'::text)::pair
  FROM generate_series(1, 2000) i;

CREATE TABLE texts (id serial PRIMARY KEY, author bigint REFERENCES authors, body text, raw bytea);
INSERT INTO texts (author, body, raw) VALUES
  (1, E'\\.', '\x00ff5c2e0a'), (2, E'\n\\.\n', ''), (3, E'a\\b\tc\rd\ne\bf\fg\vh', NULL),
  (4, '', '\x'), (5, '\N', NULL), (6, NULL, NULL), (7, E'naïve ☃ \U0001F600', NULL),
  (8, 'COPY public.texts (id) FROM stdin;', NULL), (9, E'--\n-- comment', NULL);
INSERT INTO texts (author, body, raw)
SELECT 1 + i % 2000, repeat(md5(i::text) || E'\n', i % 40), decode(md5(i::text), 'hex')
  FROM generate_series(1, 4000) i;
CREATE INDEX ON texts (md5(body));
CREATE INDEX texts_author ON texts (author);
CREATE INDEX ON texts (id) WHERE body IS NOT NULL;
ALTER TABLE texts CLUSTER ON texts_author;
CREATE STATISTICS texts_related ON id, author FROM texts;

CREATE TABLE "Odd; ""Schema"""."a.b""c
d\.é☃" ("select" integer PRIMARY KEY, "x""y" text, CHECK ("select" > 0));
INSERT INTO "Odd; ""Schema"""."a.b""c
d\.é☃" VALUES (1, 'one'), (2, E'\\.');
CREATE TABLE empty (id integer PRIMARY KEY);
CREATE TABLE columnless ();
INSERT INTO columnless SELECT FROM generate_series(1, 3);
CREATE TABLE one_column (value text);
INSERT INTO one_column VALUES (E'\\.'), (''), (NULL), ('\N'), (E'\\\\.');

CREATE TABLE parent (id integer, kind text);
CREATE TABLE child (extra text) INHERITS (parent);
INSERT INTO parent VALUES (1, 'parent');
INSERT INTO child VALUES (2, 'child', 'extra');

CREATE TABLE days (day date NOT NULL, n integer, PRIMARY KEY (day, n)) PARTITION BY RANGE (day);
CREATE TABLE days_2025 PARTITION OF days FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE days_2026 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX ON days (n);
INSERT INTO days SELECT '2025-12-01'::date + i % 60, i FROM generate_series(1, 500) i;

CREATE TABLE circle_a (id integer PRIMARY KEY, b integer);
CREATE TABLE circle_b (id integer PRIMARY KEY, a integer REFERENCES circle_a);
ALTER TABLE circle_a ADD FOREIGN KEY (b) REFERENCES circle_b DEFERRABLE;
INSERT INTO circle_a VALUES (1, NULL); INSERT INTO circle_b VALUES (1, 1);
UPDATE circle_a SET b = 1;

CREATE TABLE bookings (room integer, span tsrange, EXCLUDE USING gist (span WITH &&));
INSERT INTO bookings VALUES (1, '[2026-01-01, 2026-01-02)'), (2, '[2026-02-01, 2026-02-02)');
CREATE UNLOGGED TABLE unlogged (id integer);
INSERT INTO unlogged VALUES (1);

CREATE VIEW sad AS SELECT id, name FROM authors WHERE mood = 'sad';
CREATE MATERIALIZED VIEW counted AS SELECT author, count(*) FROM texts GROUP BY author;
CREATE UNIQUE INDEX ON counted (author);
CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS one WITH NO DATA;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER noted BEFORE INSERT ON texts FOR EACH ROW EXECUTE FUNCTION note();
CREATE RULE nothing AS ON DELETE TO empty DO INSTEAD NOTHING;
ALTER TABLE authors ENABLE ROW LEVEL SECURITY;
ALTER TABLE authors FORCE ROW LEVEL SECURITY;
CREATE POLICY nobody ON authors USING (name <> 'nobody');
CREATE SEQUENCE counter START 41; SELECT nextval('counter');
COMMENT ON TABLE texts IS E'it''s\nof two lines';
ALTER TABLE empty REPLICA IDENTITY FULL;
