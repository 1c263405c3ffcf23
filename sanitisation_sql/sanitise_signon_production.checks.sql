-- What must be true of a sanitised copy of Signon: each query returns no rows. What they return
-- says where to look and shows nobody.

-- A user is told by name or address.
SELECT id AS user_id FROM users
WHERE name <> CONCAT('User ', id) OR email <> CONCAT('user-', id, '@example.com')
  OR unconfirmed_email IS NOT NULL
LIMIT 20;

-- A user can sign in with what is known from production.
SELECT id AS user_id FROM users
WHERE encrypted_password <> '' OR password_salt IS NOT NULL OR reset_password_token IS NOT NULL
  OR confirmation_token IS NOT NULL OR invitation_token IS NOT NULL OR unlock_token IS NOT NULL
  OR otp_secret_key IS NOT NULL
LIMIT 20;

-- It can be told from where somebody worked.
SELECT id AS user_id FROM users
WHERE current_sign_in_ip IS NOT NULL OR last_sign_in_ip IS NOT NULL
LIMIT 20;

SELECT id AS old_password_id FROM old_passwords LIMIT 20;
SELECT id AS grant_id FROM oauth_access_grants LIMIT 20;
SELECT id AS token_id FROM oauth_access_tokens LIMIT 20;
SELECT id AS application_id FROM oauth_applications WHERE secret <> CONCAT('secret-', id) LIMIT 20;

SELECT id AS event_log_id FROM event_logs
WHERE ip_address IS NOT NULL OR user_agent_string IS NOT NULL OR trailing_message <> 'Removed'
LIMIT 20;

-- A column of text was added to the users that nobody has decided about.
SELECT COLUMN_NAME AS undecided FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'users' AND CHARACTER_SET_NAME IS NOT NULL
  AND COLUMN_NAME NOT IN (
    'name', 'email', 'unconfirmed_email', 'encrypted_password', 'password_salt',
    'reset_password_token', 'confirmation_token', 'invitation_token', 'unlock_token',
    'otp_secret_key', 'current_sign_in_ip', 'last_sign_in_ip', 'uid', 'role',
    'reason_for_suspension'
  );
