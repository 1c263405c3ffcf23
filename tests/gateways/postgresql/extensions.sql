-- Extensions in schemas of their own and elsewhere, and what is made of them.
CREATE SCHEMA tools;
CREATE EXTENSION pgcrypto WITH SCHEMA tools;
CREATE EXTENSION citext;
CREATE EXTENSION hstore WITH SCHEMA tools;
CREATE TABLE words (word citext PRIMARY KEY, tags tools.hstore, salt bytea DEFAULT tools.gen_random_bytes(4));
INSERT INTO words (word, tags) SELECT 'Word ' || i, tools.hstore('k', i::text) FROM generate_series(1, 99) i;
