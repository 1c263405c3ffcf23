-- What a copy must not have, or only where its user is a superuser.
COMMENT ON EXTENSION citext IS 'told by a superuser';
CREATE PUBLICATION everything FOR ALL TABLES;
COMMENT ON PUBLICATION everything IS 'followed by others';
CREATE SUBSCRIPTION {subscription} CONNECTION 'host=127.0.0.1 dbname=nowhere'
  PUBLICATION p WITH (connect = false, slot_name = NONE);
CREATE EXTENSION postgres_fdw WITH SCHEMA tools;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
CREATE USER MAPPING FOR postgres SERVER elsewhere OPTIONS (password 'of production');
CREATE FUNCTION watched() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE FUNCTION watched();
COMMENT ON EVENT TRIGGER watcher IS 'sees all';
GRANT SELECT ON texts TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
