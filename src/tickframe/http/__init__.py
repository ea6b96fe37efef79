"""One request over HTTP: session, token, retries, errors."""
