"""What a few bytes on the wire may not make the kernel compute."""

import datetime as dt

import pytest

from ag_kernel.decode import decode
from ag_kernel.errors import NotImportable


@pytest.mark.parametrize("seconds", [0.0, 1e-06, -3.25, 86399999999999.0])
def test_lengths_of_time_are_read_as_they_are_written(seconds: float) -> None:
    assert decode({"t": "timedelta", "v": repr(seconds)}, []) == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["1e300000000", "1e-300000000", "1/3", "9" * 4000, "", "nan"])
def test_a_length_of_time_with_an_endless_exponent_is_refused_at_once(text: str) -> None:
    with pytest.raises(NotImportable):
        decode({"t": "timedelta", "v": text}, [])
