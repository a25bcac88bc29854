"""MariaDB and PHP's built-in server, with a WordPress of their own in a temporary folder; no service, no settings."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from pwd import getpwnam
from signal import SIGTERM
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).parent
DEBIAN = Path("/usr/share/wordpress")
THEMES = {"classic": "twentytwentyone", "block": "twentytwentythree"}

_MARIADB = shutil.which("mariadbd", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin")
_PHP = shutil.which("php")
_WORKERS = 4  # answers at the same time
# Nothing outlives a run: no transactions, no rights, and so no tables of the database's own.
_DATABASE = ("--skip-networking", "--skip-grant-tables", "--skip-innodb", "--default-storage-engine=MyISAM")

# MariaDB does not run as root, and PHP should not.
_NOBODY = getpwnam("nobody") if os.geteuid() == 0 else None
_AS_NOBODY: dict[str, Any] = {"user": _NOBODY.pw_uid, "group": _NOBODY.pw_gid, "extra_groups": []} if _NOBODY else {}

Change = Mapping[str, object]


def installed() -> str | None:
    """None, or a sentence: what is missing here, and which command installs it."""
    parts = {
        "wordpress": DEBIAN / "wp-settings.php",
        **{f"wordpress-theme-{name}": DEBIAN / "wp-content/themes" / name / "style.css" for name in THEMES.values()},
        "php-cli": Path(_PHP or "no php"),
        "mariadb-server-core": Path(_MARIADB or "no mariadbd"),
    }
    missing = [package for package, path in parts.items() if not path.exists()]
    if _PHP:
        loaded = subprocess.run([_PHP, "-m"], capture_output=True, text=True, check=True).stdout.lower().split()
        packages = {"gd": "php-gd", "mbstring": "php-mbstring", "mysqli": "php-mysql", "simplexml": "php-xml"}
        missing += [package for extension, package in packages.items() if extension not in loaded]
    if not missing:
        return None
    wanted = " ".join((HERE / "packages.txt").read_text().split())
    return f"not installed: {', '.join(missing)}; on Debian run: apt-get install --no-install-recommends {wanted}"


class Server:
    """From `start` to `stop`; port: of PHP, on 127.0.0.1."""

    def __init__(self) -> None:
        self.port = 0
        self._folder = Path()
        self._environment: dict[str, str] = {}
        self._running = ExitStack()

    def start(self, home: str) -> None:
        """home: the site's own address. Raises RuntimeError when a part does not come up, with what it wrote."""
        with ExitStack() as running:
            # In the system's own folder for such: a socket's path has at most 107 bytes, and another user must get in.
            self._folder = Path(running.enter_context(TemporaryDirectory(prefix="wordpress-")))
            self._environment = {
                "PATH": os.environ.get("PATH", os.defpath),
                "WORDPRESS_FOLDER": f"{self._folder}/www",
                "WORDPRESS_SOCKET": f"{self._folder}/socket",
                "WORDPRESS_HOME": home,
                "PHP_CLI_SERVER_WORKERS": str(_WORKERS),
            }
            self._lay_out()
            database = (f"--datadir={self._folder}/database", f"--socket={self._folder}/socket")
            self._serve(running, str(_MARIADB), "--no-defaults", *database, *_DATABASE)
            self._wait("mariadbd", lambda: _connects(socket.AF_UNIX, f"{self._folder}/socket"))
            self.port = _free_port()
            address = f"127.0.0.1:{self.port}"
            self._serve(
                running, *self._php(), "-S", address, "-t", f"{self._folder}/www", f"{self._folder}/php/router.php"
            )
            self._wait("php", lambda: _connects(socket.AF_INET, ("127.0.0.1", self.port)))
            self._running = running.pop_all()

    def stop(self) -> None:
        self._running.close()

    def change(self, *changes: Change) -> Any:
        """What the last of the changes gives (php/command.php has them). Raises RuntimeError when one fails."""
        done = subprocess.run(
            [*self._php(), f"{self._folder}/php/command.php"],
            input=json.dumps(changes), env=self._environment, capture_output=True, text=True, check=False, **_AS_NOBODY,
        )  # fmt: skip
        if done.returncode or done.stderr:
            raise RuntimeError(f"{[each['do'] for each in changes]}: {done.stderr or done.stdout}")
        return json.loads(done.stdout)

    def complaints(self) -> list[str]:
        """What PHP wrote of errors and warnings while it served."""
        log = self._folder / "php-errors.log"
        return log.read_text(errors="replace").splitlines() if log.exists() else []

    def _php(self) -> tuple[str, ...]:
        settings = {
            "error_log": f"{self._folder}/php-errors.log",
            "log_errors": "1",
            "display_errors": "stderr",
            "opcache.enable_cli": "1",
        }
        return (str(_PHP), *(word for name, value in settings.items() for word in ("-d", f"{name}={value}")))

    def _lay_out(self) -> None:
        """WordPress as links to Debian's files, but for its configuration and what it writes."""
        (self._folder / "database" / "wordpress").mkdir(parents=True)  # a database is a folder
        shutil.copytree(HERE / "php", self._folder / "php")  # the checkout may be closed to others
        www, content = self._folder / "www", self._folder / "www" / "wp-content"
        (content / "uploads").mkdir(parents=True)
        (content / "plugins").mkdir()
        (content / "mu-plugins").mkdir()
        (content / "themes").symlink_to(DEBIAN / "wp-content" / "themes")
        (content / "mu-plugins" / "standin.php").symlink_to(self._folder / "php" / "standin.php")
        (www / "wp-config.php").symlink_to(self._folder / "php" / "wp-config.php")
        for each in DEBIAN.iterdir():
            if each.name not in ("wp-config.php", "wp-content", ".htaccess"):
                (www / each.name).symlink_to(each)
        if _NOBODY:
            for path in (self._folder, *self._folder.rglob("*")):
                os.lchown(path, _NOBODY.pw_uid, _NOBODY.pw_gid)

    def _serve(self, running: ExitStack, *command: str) -> None:
        with (self._folder / f"{Path(command[0]).name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=self._folder, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **_AS_NOBODY,
            )  # fmt: skip
        running.callback(_end, process)

    def _wait(self, program: str, up: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not up():
            if time.monotonic() > end:
                raise RuntimeError(
                    f"{program} does not answer: {(self._folder / f'{program}.log').read_text()[-2000:]}"
                )
            time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    """With its workers, which are processes of their own."""
    os.killpg(process.pid, SIGTERM)
    process.wait(30)


def _connects(family: int, address: str | tuple[str, int]) -> bool:
    with socket.socket(family) as asking:
        return asking.connect_ex(address) == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port
