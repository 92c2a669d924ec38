"""Arithmetic of constants is weighed without being worked out."""

import ast
import time

import pytest

from ag_kernel.compiler.constants import too_large


def weigh(text: str) -> bool:
    node = ast.parse(text, mode="eval").body
    assert isinstance(node, ast.BinOp)
    return too_large(node)


@pytest.mark.parametrize(
    "text",
    [
        "10**10**9",
        "2**2**2**2**2**2",
        "1 << 10**12",
        "(-7)**10**8",
        "'=' * 10**9",
        "10**9 * b'x'",
        "9**(2**40) * 0",
        "2**(3 * 10**6)",
    ],
)
def test_what_is_too_large_is_known_at_once(text: str):
    began = time.thread_time()
    assert weigh(text)
    assert time.thread_time() - began < 0.5


@pytest.mark.parametrize(
    "text",
    [
        "2**64",
        "10**1000",
        "1 << 4096",
        "'=' * 80",
        "2**-1",
        "1**10**100",
        "x**10**3",
        "0**10**50",
        "2.0**5000",
        "'a' * n",
        "[0] * 10**6",
        "1 << -1",
    ],
)
def test_what_is_not_passes(text: str):
    assert not weigh(text)


def test_a_chain_too_deep_to_be_read_is_left_to_the_walk():
    node = ast.Constant(value=1)
    for _ in range(5000):
        node = ast.BinOp(left=node, op=ast.Mult(), right=ast.Constant(value=1))
    assert not too_large(node)
