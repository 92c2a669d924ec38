"""Every table of the gateway's database: importing this registers them all. Knows only which modules have tables."""

from ag_enclave import (
    accounts,
    competitions,
    deeds,
    notices,
    ownership,
    peers,
    projects,
    requests,
    reviews,
    revocations,
    sync,
    throttle,
)
from ag_enclave.database import metadata

TABLES = (
    accounts.accounts,
    deeds.deeds,
    throttle.failures,
    revocations.revoked,
    requests.requests,
    notices.notices,
    competitions.competitions,
    competitions.submissions,
    projects.projects,
    projects.members,
    reviews.reviews,
    reviews.runs,
    peers.peers,
    sync.travels,
    ownership.owners,
)

__all__ = ["TABLES", "metadata"]
