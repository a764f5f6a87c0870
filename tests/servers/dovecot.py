"""A real mailbox: Dovecot, which takes mail by LMTP and shows it by IMAP to whoever knows the password.

It runs as a plain user: the one who tests, or `nobody` where that is root.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType

from imap_tools import MailBoxUnencrypted

from tests.servers.smtp import Received

_CONFIGURATION = """
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:~/Maildir
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={place}/homes/%u allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""


def is_missing() -> str:
    """Why there can be no Dovecot here, empty when there can."""
    program = _program()
    if not program or not Path("/usr/lib/dovecot/lmtp").exists():
        return "Dovecot is not installed (apt install dovecot-imapd dovecot-lmtpd)"
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return "" if version.startswith("2.3.") else f"the configuration here is for Dovecot 2.3, this is {version.strip()}"


def _program() -> str | None:
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class Dovecot:
    """Runs while it is entered as a context. Any user exists, with the one `password`."""

    host = "127.0.0.1"
    password = "for-tests-alone"

    def __enter__(self) -> Dovecot:
        # Not below pytest's own folder, which is closed to the user it runs as.
        self._place = Path(tempfile.mkdtemp(prefix="amable-dovecot-"))
        self.imap, self.lmtp = _free_ports(2)
        as_root = os.geteuid() == 0
        user = pwd.getpwnam("nobody") if as_root else pwd.getpwuid(os.geteuid())
        if as_root:
            os.chown(self._place, user.pw_uid, user.pw_gid)
        configuration = self._place / "dovecot.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                place=self._place,
                user=user.pw_name,
                group=grp.getgrgid(user.pw_gid).gr_name,
                password=self.password,
                imap=self.imap,
                lmtp=self.lmtp,
            ),
            encoding="utf-8",
        )
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if as_root else {}
        program = _program()
        assert program is not None
        with (self._place / "output.log").open("wb") as output:  # a pipe would stay open as long as it runs
            self._process = subprocess.Popen(
                [program, "-F", "-c", str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                **identity,
            )
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def take(self, received: Received) -> None:
        """Put a message that a mail server received into the mailbox of each recipient. The user is the address."""
        with smtplib.LMTP(self.host, self.lmtp, local_hostname="localhost") as lmtp:
            for recipient in received.recipients:  # smtplib hears one answer to the dot, LMTP gives one for each
                lmtp.sendmail(received.sender, recipient, received.data)

    def mailbox(self, user: str) -> MailBoxUnencrypted:
        """The mailbox of a user, open: a context that logs out at its end."""
        return MailBoxUnencrypted(self.host, self.imap).login(user, self.password)

    def _wait(self) -> None:
        """Until it listens. It says in its log why it does not."""
        patience = monotonic() + 30
        while True:
            with suppress(OSError), closing(socket.create_connection((self.host, self.imap))):
                return
            if self._process.poll() is not None or monotonic() > patience:
                logs = (self._place / "output.log", self._place / "dovecot.log")
                said = "\n".join(log.read_text(encoding="utf-8") for log in logs if log.exists())
                raise RuntimeError(f"Dovecot does not start:\n{said}")
            sleep(0.02)

    def _stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        shutil.rmtree(self._place, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in listening]
    for sock in listening:
        sock.close()
    return ports
