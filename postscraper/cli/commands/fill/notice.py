"""Notice of a failed run, by webhook and by mail."""

import json
import re
import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from urllib.request import Request, urlopen

from postscraper import __version__
from postscraper.errors import BadRequest

SECONDS = 30.0  # for a server to answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Where failures are reported. webhook: an address that takes a POST of JSON; mail: of a person; None: nowhere.

    smtp: host and port of the mail server.
    """

    webhook: str | None = None
    mail: str | None = None
    smtp: str = "localhost:25"

    def __post_init__(self) -> None:
        """Raises BadRequest for an address or a server that cannot be one; it would fail only with the first notice."""
        if self.webhook and not self.webhook.startswith(("http://", "https://")):
            raise BadRequest(f"--webhook {self.webhook} is no http(s) address")
        if not re.fullmatch(r"[^:]+(:[0-9]{1,5})?", self.smtp):
            raise BadRequest(f"--smtp {self.smtp} is no mail server; write it as HOST:PORT")

    def send(self, subject: str, facts: dict[str, Any]) -> list[str]:
        """Report a failure; returns a sentence for each way that did not work."""
        failed = []
        for way, where, send in (("webhook", self.webhook, self._post), ("mail", self.mail, self._mail)):
            if where:
                try:
                    send(where, subject, facts)
                except (OSError, smtplib.SMTPException, ValueError) as error:
                    failed.append(f"the {way} to {where} failed: {error}")
        return failed

    def _post(self, url: str, subject: str, facts: dict[str, Any]) -> None:
        body = json.dumps({"text": subject, **facts}, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "User-Agent": f"postscraper/{__version__}"}
        with urlopen(Request(url, data=body, headers=headers, method="POST"), timeout=SECONDS):
            pass

    def _mail(self, address: str, subject: str, facts: dict[str, Any]) -> None:
        message = EmailMessage()
        message["From"] = message["To"] = address
        message["Subject"] = subject
        message.set_content("\n".join(f"{name}: {value}" for name, value in facts.items() if value is not None))
        host, _, port = self.smtp.partition(":")
        with smtplib.SMTP(host, int(port or 25), timeout=SECONDS) as server:
            server.send_message(message)
