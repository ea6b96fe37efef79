"""Framed protobuf responses to Arrow record batches, and back."""
