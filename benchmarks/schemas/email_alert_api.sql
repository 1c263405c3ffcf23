-- A database like that of GOV.UK's Email Alert API: who subscribed to what, and the mails sent.

CREATE TABLE subscribers (
  id bigserial PRIMARY KEY,
  address text,
  created_at timestamp NOT NULL DEFAULT now(),
  updated_at timestamp NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX subscribers_lower_address ON subscribers (lower(address));

CREATE TABLE subscriptions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  subscriber_id bigint NOT NULL REFERENCES subscribers (id) ON DELETE RESTRICT,
  topic text NOT NULL,
  frequency integer NOT NULL DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX subscriptions_subscriber_id ON subscriptions (subscriber_id);

CREATE TABLE emails (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  subscriber_id bigint REFERENCES subscribers (id) ON DELETE RESTRICT,
  address text NOT NULL,
  subject text NOT NULL,
  body text NOT NULL,
  status integer NOT NULL DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX emails_address ON emails (address);
CREATE INDEX emails_created_at ON emails (created_at);
CREATE INDEX emails_subscriber_id ON emails (subscriber_id);

-- What has to be told to whom; once an e-mail does so, which one.
CREATE TABLE subscription_contents (
  id bigserial PRIMARY KEY,
  subscription_id uuid NOT NULL REFERENCES subscriptions (id) ON DELETE RESTRICT,
  email_id uuid REFERENCES emails (id) ON DELETE RESTRICT,
  created_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX subscription_contents_email_id ON subscription_contents (email_id);
