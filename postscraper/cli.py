"""The `postscraper` command.

Sub-commands are loaded when they are called: reading a page needs neither Scrapy nor SQLAlchemy,
and whoever asks for help waits for neither.
"""

import gc
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from postscraper import __version__
from postscraper.console import failures

# Each lies in the module of its name, as a click command called `command`.
COMMANDS: Mapping[str, str] = {
    "read": "Print what a saved page says, as JSON.",
    "search": "Find stories by their words, English or Khmer.",
    "show": "Print one story with its revisions.",
    "stats": "Tell what the archive holds and what it lacks.",
    "export": "Write stories as JSON lines or CSV.",
    "ledger": "Count the known addresses by state and reason.",
    "retry": "Queue addresses of a state again.",
    "audit": "Name what is known of and not held.",
    "check": "Compare the archive with itself, and mend it.",
    "verify": "Read every capture again and compare each field.",
    "reread": "Read stored captures anew, and report what changes.",
    "rebuild": "Build the database anew from the evidence alone.",
    "compact": "Make the evidence smaller, every record unchanged.",
    "backup": "Copy the archive, even while a crawl runs.",
    "replay": "Read WARC files in bulk into the archive.",
    "sample": "Save a page under samples/ as a new test.",
    "upgrade": "Bring an archive to this version of the program.",
}


class Commands(click.Group):
    """A group that imports a sub-command's module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        if cmd_name not in COMMANDS:
            raise click.NoSuchCommand(cmd_name, possibilities=COMMANDS, ctx=ctx)
        found: click.Command = import_module(f"postscraper.console.{cmd_name}").command
        # __main__.py puts it off while modules are loaded; what they made stays, and is no garbage.
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, *args: Any, **kwargs: Any) -> Any:
        with failures.told():
            return super().main(*args, **kwargs)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="postscraper")
def main() -> None:
    """Read saved newspaper pages, and ask an archive of them.

    \b
    Example:
      postscraper read page.html --url https://www.phnompenhpost.com/national/a-story
    """
