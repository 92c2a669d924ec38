"""The roles an account can have. Inert: what each may call is in ``app.ROUTES``."""

ROLES = ("analyst", "owner", "operator", "auditor")
