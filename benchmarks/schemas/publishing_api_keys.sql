-- The keys of a database like that of GOV.UK's Publishing API: five foreign keys, a dozen indexes.

ALTER TABLE documents ADD PRIMARY KEY (id);
ALTER TABLE editions ADD PRIMARY KEY (id);
ALTER TABLE access_limits ADD PRIMARY KEY (id);
ALTER TABLE change_notes ADD PRIMARY KEY (id);
ALTER TABLE unpublishings ADD PRIMARY KEY (id);
ALTER TABLE link_sets ADD PRIMARY KEY (id);
ALTER TABLE links ADD PRIMARY KEY (id);
ALTER TABLE expanded_links ADD PRIMARY KEY (id);
ALTER TABLE events ADD PRIMARY KEY (id);

CREATE UNIQUE INDEX documents_content_id_locale ON documents (content_id, locale);
CREATE UNIQUE INDEX editions_document_id_content_store ON editions (document_id, content_store);
CREATE UNIQUE INDEX editions_document_id_version ON editions (document_id, user_facing_version);
CREATE UNIQUE INDEX editions_base_path_content_store ON editions (base_path, content_store);
CREATE INDEX events_content_id ON events (content_id);
CREATE INDEX change_notes_edition_id ON change_notes (edition_id);
CREATE UNIQUE INDEX unpublishings_edition_id ON unpublishings (edition_id);
CREATE UNIQUE INDEX link_sets_content_id ON link_sets (content_id);
CREATE INDEX links_link_set_id_link_type ON links (link_set_id, link_type);
CREATE INDEX links_edition_id ON links (edition_id);
CREATE INDEX links_target_content_id_link_type ON links (target_content_id, link_type);
CREATE UNIQUE INDEX expanded_links_document ON expanded_links (content_id, locale, with_drafts);

ALTER TABLE editions ADD FOREIGN KEY (document_id) REFERENCES documents (id);
ALTER TABLE change_notes ADD FOREIGN KEY (edition_id) REFERENCES editions (id);
ALTER TABLE unpublishings ADD FOREIGN KEY (edition_id) REFERENCES editions (id);
ALTER TABLE links ADD FOREIGN KEY (edition_id) REFERENCES editions (id);
ALTER TABLE links ADD FOREIGN KEY (link_set_id) REFERENCES link_sets (id);
