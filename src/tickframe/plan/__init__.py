"""What is asked: arguments checked, split into parts, frozen. No session, no secret."""
