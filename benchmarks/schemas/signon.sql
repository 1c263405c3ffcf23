-- The tables of GOV.UK's Signon that hold something of people, as far as they do.
CREATE TABLE users (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name varchar(255) NOT NULL,
  email varchar(255) NOT NULL DEFAULT '',
  unconfirmed_email varchar(255),
  encrypted_password varchar(255) DEFAULT '',
  password_salt varchar(255),
  reset_password_token varchar(255),
  confirmation_token varchar(255),
  invitation_token varchar(255),
  unlock_token varchar(255),
  otp_secret_key varchar(255),
  current_sign_in_ip varchar(255),
  last_sign_in_ip varchar(255),
  uid varchar(255) NOT NULL,
  role varchar(255) DEFAULT 'normal',
  organisation_id int,
  reason_for_suspension varchar(255),
  api_user tinyint(1) NOT NULL DEFAULT 0,
  suspended_at datetime,
  UNIQUE KEY index_users_on_email (email),
  UNIQUE KEY index_users_on_reset_password_token (reset_password_token)
);
CREATE TABLE oauth_applications (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name varchar(255) NOT NULL,
  uid varchar(255) NOT NULL,
  secret varchar(255) NOT NULL,
  redirect_uri varchar(255) NOT NULL,
  home_uri varchar(255)
);
CREATE TABLE oauth_access_grants (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  resource_owner_id int NOT NULL,
  token varchar(255) NOT NULL
);
CREATE TABLE oauth_access_tokens (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  resource_owner_id int NOT NULL,
  application_id int NOT NULL,
  token varchar(255) NOT NULL,
  refresh_token varchar(255),
  UNIQUE KEY index_oauth_access_tokens_on_token (token),
  CONSTRAINT token_of_application FOREIGN KEY (application_id) REFERENCES oauth_applications (id)
);
CREATE TABLE old_passwords (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  encrypted_password varchar(255) NOT NULL,
  password_archivable_id int NOT NULL
);
CREATE TABLE event_logs (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid varchar(255) NOT NULL,
  event_id int NOT NULL,
  trailing_message varchar(255),
  ip_address bigint,
  user_agent_string varchar(255)
);
