"""The operator's log: one JSON object per line in ``logs/gateway.log``, warnings also on stderr.

Whoever logs says who and what, never a value, a cell or a secret; access tokens in paths are struck out here all the same.
"""

import logging
import re
import sys
from pathlib import Path

import structlog

_TOKEN = re.compile(r"(token=)[^&\s\"']+", re.IGNORECASE)
_KEPT_BYTES = 16 << 20


def configure(folder: Path) -> None:
    """Send every log record of this process there. Called once, by the command that serves."""
    from logging.handlers import RotatingFileHandler

    file = RotatingFileHandler(folder / "gateway.log", maxBytes=_KEPT_BYTES, backupCount=4)
    file.setFormatter(_formatter(structlog.processors.JSONRenderer()))
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setLevel(logging.WARNING)
    stderr.setFormatter(_formatter(structlog.dev.ConsoleRenderer(colors=False)))
    logging.basicConfig(level=logging.INFO, handlers=[file, stderr], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def strike_out(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replace access tokens in every text of a record."""
    return {name: _TOKEN.sub(r"\1…", value) if isinstance(value, str) else value for name, value in event.items()}


_SHARED: list[structlog.typing.Processor] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    strike_out,
]


def _formatter(renderer: structlog.typing.Processor) -> logging.Formatter:
    last: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        strike_out,
        renderer,
    ]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=last)
