CREATE TABLE parents (id int AUTO_INCREMENT PRIMARY KEY, name varchar(50) COMMENT 'a; "b''\nc', born date,
  UNIQUE KEY by_name (name), KEY by_birth (born, name(3)), FULLTEXT KEY words (name)) AUTO_INCREMENT=77;
CREATE TABLE children (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, parent int, `odd ``name;` text,
  KEY second (parent, id), CONSTRAINT their_parent FOREIGN KEY (parent) REFERENCES parents (id)
  ON DELETE CASCADE ON UPDATE SET NULL);
CREATE TABLE cycle (id int PRIMARY KEY, other int, CONSTRAINT itself FOREIGN KEY (other) REFERENCES cycle (id));
CREATE TABLE kinds (id int PRIMARY KEY, bits bit(13), bytes varbinary(40), big longblob, doc json,
  place point NOT NULL, at datetime(6), stamp timestamp NULL, zero date, f double, d decimal(30,10),
  e enum('a','b;\'c'), s set('x','y'), twice int AS (id * 2) VIRTUAL, thrice int AS (id * 3) STORED,
  latin varchar(20) CHARACTER SET latin1, u uuid, ip inet6, KEY by_twice (twice), SPATIAL KEY where_ (place));
CREATE TABLE parts (id int, at date, KEY by_id (id)) PARTITION BY RANGE (year(at))
  (PARTITION old VALUES LESS THAN (2020), PARTITION new VALUES LESS THAN MAXVALUE);
CREATE TABLE numbered_aside (k int PRIMARY KEY, n int AUTO_INCREMENT, a int, KEY a (a), KEY n (n), KEY z (a, k));
CREATE TABLE old_engine (a int, KEY a (a)) ENGINE=MyISAM;
CREATE TABLE history (a int) WITH SYSTEM VERSIONING;
CREATE TABLE `we``ird; name` (`select` int CHECK (`select` > 0)) COMMENT='it''s; fine';
CREATE TABLE empty (id int);
CREATE SEQUENCE numbers START WITH 5;
SELECT nextval(numbers) INTO @number;
SET sql_mode = '';
INSERT INTO parents (name, born) VALUES ('a\nb;\nINSERT INTO `parents` VALUES', '0000-00-00'), ('x''y\\', NULL), ('),\n(', '2001-02-03'), (NULL, NULL), ('üñí 🦄', NULL);
INSERT INTO children (parent, `odd ``name;`) SELECT 78, concat(repeat('long; ', 500), seq, char(0), '\r\n') FROM seq_1_to_3000;
INSERT INTO cycle VALUES (1, NULL), (2, 1), (3, 2);
INSERT INTO kinds (id, bits, bytes, big, doc, place, at, stamp, zero, f, d, e, s, latin, u, ip) VALUES
  (1, b'1010000000001', 0x00ff270a5c, repeat(0x00ff, 70000), '{"a": "it''s"}', point(1.5, -2), '2026-01-02 03:04:05.678901', '2026-10-25 00:30:00', '0000-00-00', 1e-300, -12345678901234567890.0123456789, 'b;''c', 'x,y', 'café', uuid(), '::1'),
  (2, NULL, '', '', NULL, point(0, 0), '0000-00-00', NULL, '2020-00-00', 0, 0, 'a', '', '', NULL, NULL);
INSERT INTO parts VALUES (1, '2019-01-01'), (2, '2026-01-01');
INSERT INTO numbered_aside (k, a) VALUES (9, 1), (3, 2);
INSERT INTO old_engine VALUES (1), (NULL);
INSERT INTO history VALUES (1);
INSERT INTO `we``ird; name` VALUES (1);
CREATE VIEW z_view AS SELECT name, 'semi;colon' AS c FROM parents;
CREATE VIEW a_view AS SELECT name FROM z_view;
CREATE FUNCTION half(n int) RETURNS int DETERMINISTIC RETURN n / 2;
DELIMITER //
CREATE PROCEDURE loops() BEGIN DECLARE i int DEFAULT 0; -- don't; stop
 WHILE i < 3 DO SET i = i + 1; END WHILE; SELECT 'a;
b'; END//
CREATE TRIGGER before_child BEFORE INSERT ON children FOR EACH ROW BEGIN SET NEW.id = NEW.id; SET @seen = ';'; END//
CREATE TRIGGER after_child AFTER DELETE ON children FOR EACH ROW SET @gone = OLD.id//
CREATE EVENT later ON SCHEDULE EVERY 7 DAY STARTS '2030-01-01 00:00:00' DISABLE COMMENT 'weekly; once' DO DELETE FROM cycle WHERE id < 0//
