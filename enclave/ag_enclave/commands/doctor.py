"""``ag-enclave doctor``: what this host offers an enclave."""

import importlib.util
import platform
import sys

import click


@click.command()
def doctor() -> None:
    """Say what this host offers, and what is missing; exit status 1 where an enclave can't run."""
    from ag_sandbox.host import report

    click.echo(f"Python {platform.python_version()} on {platform.platform(terse=True)}")
    findings = report()
    for finding in findings:
        mark = "ok     " if finding.present else ("MISSING" if finding.needed else "absent ")
        click.echo(f"{mark} {finding.name}: {finding.meaning}")
    has_demo = importlib.util.find_spec("sklearn") is not None
    click.echo(
        f"{'ok     ' if has_demo else 'absent '} demo data: {'scikit-learn is there' if has_demo else 'install ag-enclave[demo]'}"
    )
    good = all(finding.present for finding in findings if finding.needed)
    click.echo("An enclave can run here." if good else "An enclave can't run here: see MISSING above.")
    sys.exit(0 if good else 1)
