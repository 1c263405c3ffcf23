-- Makes a copy of Signon safe to read: who may do what stays, who they are and how they prove it
-- does not. Nobody can sign in to a copy with a password or a token of production.
--
-- Running it again changes nothing. No statement in it defines anything, so that MySQL runs all of
-- it in one transaction.

-- Addresses differ for each user, as the index on them wants.
UPDATE users
SET
  name = CONCAT('User ', id),
  email = CONCAT('user-', id, '@example.com'),
  unconfirmed_email = NULL,
  encrypted_password = '',
  password_salt = NULL,
  reset_password_token = NULL,
  confirmation_token = NULL,
  invitation_token = NULL,
  unlock_token = NULL,
  otp_secret_key = NULL,
  current_sign_in_ip = NULL,
  last_sign_in_ip = NULL,
  reason_for_suspension = IF(reason_for_suspension IS NULL, NULL, 'Removed');

DELETE FROM old_passwords;
DELETE FROM oauth_access_grants;
DELETE FROM oauth_access_tokens;

-- What applications prove themselves by; each environment sets its own.
UPDATE oauth_applications SET secret = CONCAT('secret-', id);

UPDATE event_logs
SET
  trailing_message = IF(trailing_message IS NULL, NULL, 'Removed'),
  ip_address = NULL,
  user_agent_string = NULL;
