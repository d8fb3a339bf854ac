"""``hdeeprm-batsim``: speaks Batsim's protocol over ZeroMQ, on Batsim's clock, without Batsim."""
