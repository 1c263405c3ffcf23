UPDATE people SET email = 'x';
