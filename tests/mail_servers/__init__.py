"""Real mail servers for tests: a Dovecot to fetch from, an SMTP server to send by, and a line between that can break."""
