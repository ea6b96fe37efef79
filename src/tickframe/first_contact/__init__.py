"""First contact with a service: how it wants to be asked, and what to report about it."""
