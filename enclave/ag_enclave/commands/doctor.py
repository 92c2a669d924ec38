"""``ag-enclave doctor``: what this host offers an enclave, and what one enclave's settings and state are like."""

import importlib.util
import platform
import sys
from pathlib import Path

import click


@click.command(short_help="Say what host, settings and state are like.")
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="Also look at these settings.")
@click.option("--state", "state_path", type=click.Path(path_type=Path), help="Also look at this state directory.")
def doctor(config_path: Path | None, state_path: Path | None) -> None:
    """Say what this host offers, and what is missing; exit status 1 where an enclave can't run. Changes nothing."""
    from ag_sandbox.host import report

    click.echo(f"Python {platform.python_version()} on {platform.platform(terse=True)}")
    findings = list(report())
    if config_path is not None or state_path is not None:
        from ag_enclave import checkup
        from ag_enclave.tls import current_time

        findings += checkup.of_settings(config_path, current_time()) if config_path is not None else ()
        findings += checkup.of_state(state_path, checkup.address_of(config_path)) if state_path is not None else ()
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
