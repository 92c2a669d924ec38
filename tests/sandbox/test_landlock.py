"""Kernels of other ages: an older Landlock is used as far as it goes, and none at all is refused."""

from itertools import pairwise

import pytest

from ag_sandbox import jail
from ag_sandbox import linux_unsafe as linux
from ag_sandbox.steps import landlock
from tests.sandbox.test_probe import walked


@pytest.mark.parametrize("abi", range(1, 8))
def test_every_abi_closes_the_jail(monkeypatch: pytest.MonkeyPatch, abi: int) -> None:
    if abi > linux.landlock_abi():
        pytest.skip(f"this kernel offers ABI {linux.landlock_abi()} only")
    monkeypatch.setattr(linux, "landlock_abi", lambda: abi)
    assert walked("kernel", jail.STEPS) == "locked"
    assert walked("vault", jail.STEPS) == "locked"


def test_a_kernel_without_landlock_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "landlock_abi", lambda: 0)
    assert walked("kernel", jail.STEPS).startswith("JailRefused: landlock: the kernel has none")


def test_each_abi_handles_all_that_the_one_before_did() -> None:
    rights = [landlock.handled_rights(abi) for abi in range(1, 9)]
    assert rights[0] == (1 << 13) - 1
    assert all(older & newer == older for older, newer in pairwise(rights))
    assert rights[4] == rights[7] == (1 << 16) - 1
