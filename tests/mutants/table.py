"""All planted bugs, by what they would break."""

from tests.mutants import doors, keeping, mathematics, owners, rows, spending
from tests.mutants.mutant import Mutant

MUTANTS: dict[str, tuple[Mutant, ...]] = {
    "mathematics": mathematics.MUTANTS,
    "rows": rows.MUTANTS,
    "spending": spending.MUTANTS,
    "keeping": keeping.MUTANTS,
    "doors": doors.MUTANTS,
    "owners": owners.MUTANTS,
}
