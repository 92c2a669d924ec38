"""From a user id and secret to a session, new or still running, or to the data sets there are: the checks in order, and the forms of the call that older notebooks use."""

import contextlib
import os
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from antigranular.bearer import Token
from antigranular.budget_requests import news
from antigranular.catalogue import Catalogue
from antigranular.config import Credentials, find_credentials, find_target
from antigranular.errors import AgError, LoginError, NotAvailable, SessionError
from antigranular.magics import offer_magics
from antigranular.notebook import active_shell, restarting, view_of
from antigranular.rest import Enclave
from antigranular.session import Session
from antigranular.transport import TlsTransport, Transport
from antigranular.view import Shown


def login(
    user_id: str | None = None,
    user_secret: str | None = None,
    competition: str | None = None,
    dataset: str | None = None,
    password: str | None = None,
    *,
    url: str | None = None,
    ca: str | os.PathLike[str] | None = None,
    params: Mapping[str, Any] | None = None,
    identity: str | Callable[[], str] | None = None,
    transport: Transport | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Session:
    """Start a session on a data set or a competition, and let ``%%ag`` run cells in it.

    ``user_id``, ``user_secret``, ``url`` and ``ca`` (the file of the authority that signed the enclave's certificate)
    default to AG_USER_ID, AG_USER_SECRET, AG_ENCLAVE_URL and AG_ENCLAVE_CA. Exactly one of ``competition`` and
    ``dataset``. ``params`` is for later versions. ``identity``: a token of
    the enclave's OpenID Connect issuer, or what fetches one, instead of id and secret. The earliest form
    ``login(id, secret, name, user, password)`` works too; its temporary user and password do nothing.

    Raises LoginError, EnclaveUnreachable, UntrustedEnclave, IncompatibleEnclave or RequestRefused, each with one sentence.
    """
    credentials = find_credentials(user_id, user_secret) if identity is None else Credentials.of(identity)
    if params:
        raise NotAvailable(f"this version knows no params of a session; you gave {', '.join(map(str, params))}")
    if password is None:
        _check_one(competition, dataset)
    enclave = reach(credentials, url, ca, transport, clock)
    if password is None:
        wanted = {"dataset": dataset} if dataset is not None else {"competition": competition}
    else:
        wanted = _earliest_form(competition, enclave)
    model = enclave.start(wanted)
    try:
        session = _session(enclave, model)
        _hold(session, enclave)
    except (
        BaseException
    ):  # a Ctrl-C above all: a session that nobody holds would count against the analyst until it was idle for too long
        with contextlib.suppress(AgError):
            enclave.stop(str(model.get("id")))
        raise
    return session


def attach(
    session_id: str | None = None,
    user_id: str | None = None,
    user_secret: str | None = None,
    *,
    url: str | None = None,
    ca: str | os.PathLike[str] | None = None,
    show: bool = True,
    transport: Transport | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Session:
    """Take up a running session again, from this notebook or another: what it said and exported arrives here, and its running cell is followed.

    ``session_id`` is in the notebook where the session began; without one, the analyst's only session is meant. The rest is as for ``login``.
    ``show=False`` leaves out what was said. Raises SessionError where there is no such session, or several and none was named; else as ``login``.
    """
    enclave = reach(find_credentials(user_id, user_secret), url, ca, transport, clock)
    model = enclave.session(session_id) if session_id is not None else _only(enclave)
    session = _session(enclave, model)
    try:
        _hold(session, enclave)
        if show:
            session.replay(view=view_of(active_shell()))
    except BaseException:
        session.leave()
        raise
    return session


def datasets(
    user_id: str | None = None,
    user_secret: str | None = None,
    *,
    url: str | None = None,
    ca: str | os.PathLike[str] | None = None,
    transport: Transport | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Catalogue:
    """The data sets of an enclave, to choose one from. No session is started; arguments and errors are those of ``login``."""
    return Catalogue(reach(find_credentials(user_id, user_secret), url, ca, transport, clock).datasets())


def reach(
    credentials: Credentials,
    url: str | None = None,
    ca: str | os.PathLike[str] | None = None,
    transport: Transport | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Enclave:
    """The enclave meant, once it has shown that it speaks our wire."""
    network = transport if transport is not None else TlsTransport(find_target(url, ca))
    enclave = Enclave(network, Token(credentials, network, clock))
    enclave.shake_hands()
    return enclave


def _session(enclave: Enclave, model: Mapping[str, Any]) -> Session:
    return Session(enclave, model, outlives=restarting, views=lambda: view_of(active_shell()))


def _hold(session: Session, enclave: Enclave) -> None:
    """Show the session, and let ``%%ag`` run cells in it from now on."""
    shell = active_shell()
    view = view_of(shell)
    view.display(Shown(data=session.describe(), metadata={}))
    with contextlib.suppress(AgError):  # what was decided is good to know, and no reason to have no session
        for sentence in news(enclave):
            view.notice(sentence)
    if shell is not None:
        offer_magics(shell).session = session


def _only(enclave: Enclave) -> dict[str, Any]:
    running = enclave.sessions()
    if len(running) == 1:
        return running[0]
    names = ", ".join(f"{each.get('id')} ({(each.get('ag') or {}).get('dataset')})" for each in running)
    problem = f"you have several sessions, so name one: {names}" if running else "you have no running session"
    raise SessionError(f"{problem}; ag.login(...) starts a new one")


def _check_one(competition: str | None, dataset: str | None) -> None:
    if (competition is None) == (dataset is None):
        raise LoginError("ag.login needs exactly one of competition= and dataset=; ag.datasets() lists the data sets")


def _earliest_form(name: str | None, enclave: Enclave) -> dict[str, str | None]:
    """``login(id, secret, name, user, password)``: the name is a data set's or a competition's."""
    if not name:
        raise LoginError("ag.login(id, secret, name, user, password) needs the name of a data set or competition")
    warnings.warn("ag.login ignores the temporary user and password: the enclave has no use for them", stacklevel=3)
    known = {entry.get("name") for entry in enclave.datasets()}
    return {"dataset": name} if name in known else {"competition": name}
