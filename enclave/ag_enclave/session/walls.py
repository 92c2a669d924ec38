"""Walls beyond every jail's own, where the host allows them: users, control groups, namespaces. Which there are is decided once, and said.

What is required and can't be had ends the start; what is merely missing is one sentence in the log. Knows no session's life.
"""

import dataclasses
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import structlog

from ag_enclave import sharing
from ag_enclave.config import Config
from ag_enclave.errors import Unusable
from ag_enclave.session.users import Users
from ag_enclave.state import State, is_shared
from ag_sandbox import cgroup
from ag_sandbox.nursery import Child, Grants, Nursery

_log = structlog.get_logger(__name__)
_SLACK_BYTES = 512 << 20
"""Of a group: pages of files, and what a process is born with."""
_SERVICE_THREADS = 8
_PERIOD = 100_000


class Walls:
    """What children of this enclave get beyond their profile."""

    def __init__(self, config: Config, state: State) -> None:
        self._config = config
        self._state = state
        self.users = Users(config.jail.users_first, config.jail.users_count)
        self._groups: cgroup.Groups | None = None
        self._vaults_share = False
        self._admitted: set[Path] = set()

    def prepare(self) -> None:
        """Before the nurseries start, which inherit the gateway's group. Unusable where one is required and can't be had."""
        named = self._config.jail.cgroup
        try:
            self._groups = cgroup.Groups.settle(Path(named) if named else cgroup.here())
        except cgroup.NotDelegated as reason:
            self._miss("cgroups", f"sessions have no control group: {reason}")

    def recall(self) -> None:
        """For a command beside the enclave, or without it: the state is shared as it was left."""
        self._vaults_share = is_shared(self._state)

    def settle(self, nurseries: Mapping[str, Nursery]) -> None:
        """Once the nurseries have tried what the host lets them. Unusable as above."""
        for role, nursery in nurseries.items():
            self.inspect(role, nursery)
        if nurseries["vault"].users:
            self._share(nurseries["vault"])

    def inspect(self, role: str, nursery: Nursery) -> None:
        """What one nursery's children will lack. Unusable as above."""
        if not (nursery.parted and nursery.alone and nursery.enclosed):
            self._miss(
                "namespaces", f"the host lets the {role} have no file tree, network or process numbers of its own"
            )
        if not nursery.users:
            self._miss("users", f"the {role} is no user of its own: that needs root, and code that everybody may read")

    def _share(self, vaults: Nursery) -> None:
        closed = None if vaults.enclosed else sharing.closed_above(self._state.root)
        if closed is not None:
            self._miss(
                "users", f"vaults are no users of their own: {closed}, above the state directory, lets nobody through"
            )
            return
        try:
            sharing.share(self._state, self.users.group)
        except OSError as reason:
            self._miss(
                "users", f"vaults are no users of their own: the state directory can't be shared ({reason.strerror})"
            )
            return
        self._vaults_share = True

    def _miss(self, wall: str, sentence: str) -> None:
        if getattr(self._config.jail, wall) == "required":
            raise Unusable(f"jail.{wall} is required, but {sentence}.")
        _log.info("a wall is missing", wall=wall, why=sentence)

    def widen(self, nursery: Nursery, grants: Grants) -> Grants:
        """The grants, with a user where there is one to give. A vault gets one where it can still reach what it is granted. Raises OSError."""
        if grants.user is not None or not nursery.users or (grants.write and not self._vaults_share):
            return grants
        user = self.users.take()
        if not grants.write:
            return dataclasses.replace(grants, user=user)
        for folder in set(grants.read) - self._admitted:
            sharing.admit(folder, self.users.group)
            self._admitted.add(folder)
        for folder in grants.write:
            if folder.parent == self._state.folder("scratch"):
                sharing.hand_over(folder, user, self.users.group)
        return dataclasses.replace(grants, user=user, group=self.users.group)

    def admit_reader(self, nursery: Nursery, grants: Grants) -> Grants:
        """The grants of who reads data sets and writes nothing: a user of its own in the vaults' group, where vaults have one. Raises OSError."""
        if not nursery.users or not self._vaults_share:
            # Where vaults stay who they are, the files are this very user's: nobody else could read them.
            return dataclasses.replace(grants, user=os.geteuid()) if nursery.users else grants
        for folder in grants.read:
            sharing.admit(folder, self.users.group)
        return dataclasses.replace(grants, user=self.users.take(), group=self.users.group)

    def admit_clerk(self, nursery: Nursery, grants: Grants) -> Grants:
        """The grants, with a user that is always the same and no vault's, in the vaults' group, where vaults have users."""
        if not nursery.users or not self._vaults_share:
            if os.geteuid() == 0:
                sharing.hand_to_clerk(self._state, 0)
            return grants
        sharing.hand_to_clerk(self._state, self.users.group)
        return dataclasses.replace(grants, user=self.users.group, group=self.users.group)

    def born(self, child: Child, grants: Grants) -> None:
        """Remember whose the user is."""
        if grants.user not in (None, self.users.group):
            self.users.give(grants.user, child)

    def group(self, session: str) -> cgroup.Group | None:
        """A control group for a session's processes, where there can be one. Raises OSError."""
        if self._groups is None:
            return None
        kernel, vault = self._config.kernel, self._config.vault
        limits = {
            "memory.max": str(2 * kernel.memory_bytes + vault.memory_bytes + _SLACK_BYTES),
            "memory.swap.max": "0",
            "pids.max": str(kernel.processes + vault.processes + _SERVICE_THREADS),
            "cpu.max": f"{_PERIOD * (vault.threads + 2)} {_PERIOD}",
        }
        return self._groups.group(f"{session}-{secrets.token_hex(4)}", limits)
