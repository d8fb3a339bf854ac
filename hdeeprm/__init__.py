"""HDeepRM."""
