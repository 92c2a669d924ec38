"""Functions of a notebook's own, through every room: written in cells, checked by types, translated, answered by the vault."""

import textwrap

import pytest

import antigranular as ag
from tests.enclave_server import Enclave


def run(session: ag.Session, source: str) -> dict[str, object]:
    return dict(session.execute(textwrap.dedent(source)).exports)


@pytest.mark.slow
def test_functions_of_cells_are_translated_and_never_run(at_demo: Enclave) -> None:
    with ag.login(dataset="Breast Cancer") as session:
        run(
            session,
            """
            import re
            import numpy as np
            CUT = 15.0
            seen = []

            def size(radius):
                if radius is None or np.isnan(radius):
                    return "unknown"
                return "large" if radius > CUT else "small"
            """,
        )
        found = run(
            session,
            """
            frame = breast_cancer.copy()
            frame["size"] = frame["mean_radius"].map(size, eps=0)
            frame["both"] = frame.apply(lambda row: f"{row['size'].upper()}-{row['diagnosis'][0]}" if row["mean_area"] > 0 else None, axis=1)
            export(frame["size"].categorical_metadata, "sizes")
            export(frame.groupby("size")["mean_radius"].mean(eps=2), "means")
            export(frame[lambda row: row["mean_radius"] > CUT and row["diagnosis"] == "malignant"].count(eps=2)["mean_radius"], "many")
            export(frame["diagnosis"].map({"malignant": 1, "benign": 0}).mean(eps=2), "share")
            """,
        )
        assert set(found["sizes"]) == {"unknown", "large", "small"}  # type: ignore[call-overload]
        assert found["means"].loc["large", 0] > found["means"].loc["small", 0]  # type: ignore[attr-defined]
        assert 0.2 < found["share"] < 0.6  # type: ignore[operator]
        with pytest.raises(Exception, match=r"append\(…\) on line 2 of spy \(Cell In\[\d+\], line 3\)"):
            run(session, "\ndef spy(x):\n    seen.append(x)\n    return x\nbreast_cancer['mean_radius'].map(spy)")
        assert run(session, "export(len(seen), 'calls')") == {"calls": 0}
