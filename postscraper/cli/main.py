"""The `postscraper` command.

A sub-command is imported when it is called: `read` and `--help` need neither Scrapy nor SQLAlchemy.
"""

import gc
import io
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from postscraper import __version__
from postscraper.cli import exit_codes

GROUPS: Mapping[str, Mapping[str, str]] = {
    "Find": {
        "search": "Find stories by their words, English or Khmer.",
        "quote": "Find a sentence, and where it still stands.",
        "trend": "Count stories with words by year or month.",
        "images": "Find the same photo across stories, and lost pictures.",
        "families": "Group stories with the same or nearly the same text.",
    },
    "Read": {
        "show": "Print one story with its revisions.",
        "history": "Print how a story changed, and what explains it.",
        "diff": "Mark the words in which two revisions differ.",
        "changes": "List the edited stories of the whole paper.",
        "headlines": "Print a story's headlines side by side.",
        "promotion": "Print where a story was announced, and how high.",
        "front": "Print a front page or a list as it stood.",
        "as-of": "Print the newspaper, or a story, as it stood.",
        "gone": "Name stories whose address answers without them.",
        "cite": "Print a story as a reference.",
        "serve": "Read the archive in a web browser.",
        "mcp": "Let a language model ask the archive.",
    },
    "Count": {
        "stats": "Count what the archive holds and what it lacks.",
        "audit": "Name what is known of and not held.",
        "ledger": "Count the known addresses by state and reason.",
        "runs": "List the crawls, or report one.",
    },
    "Share": {
        "export": "Write stories, revisions, teasers or pictures for other programs.",
        "pack": "Write stories, pages and a reader into one file.",
        "datasette": "Write what Datasette needs to show the archive.",
    },
    "Fill": {
        "watch": "Crawl the live paper on a schedule.",
        "replay": "Read WARC files in bulk into the archive.",
        "merge": "Bring in what another archive holds.",
        "retry": "Queue addresses of a state again.",
    },
    "Prove and mend": {
        "check": "Compare the archive with itself, and mend it.",
        "verify": "Read every capture again and compare each field.",
        "proof": "Trace each field of a story to its bytes.",
        "fixity": "Write one digest for each day, to publish.",
        "reread": "Read stored captures anew, and report what changes.",
        "rebuild": "Build the database anew from the evidence alone.",
        "compact": "Make the evidence smaller, every record unchanged.",
        "withdraw": "Take a story out for good, and keep it out.",
        "backup": "Copy the archive, even while a crawl runs.",
        "upgrade": "Bring an archive to this version of the program.",
    },
    "Saved pages": {
        "read": "Print what a saved page says, as JSON.",
        "sample": "Save a page under samples/ as a new test.",
    },
}
# The module of commands that share one; every other command has a module of its name, in the folder of its group.
MODULES = {
    "as-of": "as_of",
    "gone": "as_of",
    **dict.fromkeys(("headlines", "front"), "promotion"),
    "sample": "read",
    **dict.fromkeys(("diff", "changes"), "history"),
    **dict.fromkeys(("check", "verify", "fixity"), "integrity"),
    **dict.fromkeys(("rebuild", "compact", "backup", "upgrade"), "maintenance"),
}
COMMANDS: Mapping[str, str] = {name: does for group in GROUPS.values() for name, does in group.items()}
FOLDERS = {name: title.split()[0].lower() for title, group in GROUPS.items() for name in group}

# The state after an interruption, and how to go on.
_NOTHING_CHANGED = "nothing was changed"
_ASKING = [name for title in ("Find", "Read", "Count", "Share") for name in GROUPS[title]]
INTERRUPTED: Mapping[str, str] = {
    **dict.fromkeys((*_ASKING, "verify", "proof", "fixity", "read"), _NOTHING_CHANGED),
    "watch": "what came is in the archive, and the same command goes on",
    "datasette": "its files may be cut; the same command writes them anew",
    "images": "what was measured is kept, and the same command does the rest",
    "families": "what was examined is kept, and the families are as before; the same command with --update goes on",
    "replay": "what was read is in the archive, and the same command goes on where it was",
    "merge": "what was taken over is in the archive, and the same command goes on where it was",
    "retry": "the addresses are queued, or none is; the same command queues them",
    "check": "nothing was changed, or one repair after the other was; the same command does the rest",
    "reread": "what was accepted so far stands, and the same command compares again",
    "rebuild": "the old database stands, and the same command begins again",
    "compact": "every file is whole, made smaller or not; the same command does the rest",
    "withdraw": "it has not begun, or the same command finishes it",
    "backup": "the copy is not whole; remove its folder, and the same command begins again",
    "upgrade": "the archive is upgraded, or as it was; the same command shows which",
    "sample": "the sample may lack a file; the same command with --force writes it anew",
}


class Commands(click.Group):
    """A group that imports a sub-command's module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        if cmd_name not in COMMANDS:
            raise click.NoSuchCommand(cmd_name, possibilities=COMMANDS, ctx=ctx)
        module = import_module(f"postscraper.cli.commands.{FOLDERS[cmd_name]}.{MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        # __main__.py switches collection off while modules load; their objects stay, and are no garbage.
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(map(len, COMMANDS))
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), does) for name, does in commands.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            state = INTERRUPTED[ctx.invoked_subcommand] if ctx.invoked_subcommand else _NOTHING_CHANGED
            click.echo(f"postscraper: interrupted; {state}", err=True)
            ctx.exit(exit_codes.INTERRUPTED)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # for terminals without Khmer letters
        with exit_codes.exit_on_error():
            return super().main(*args, **kwargs)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--archive", type=click.Path(path_type=Path), metavar="DIR", help="The archive's folder, for any command."
)
@click.version_option(__version__, prog_name="postscraper")
@click.pass_context
def main(ctx: click.Context, archive: Path | None) -> None:
    """Ask an archive of newspaper pages, fill it, prove it; read single pages.

    An archive is filled by `scrapy crawl post` from the newspaper's site, by
    `scrapy crawl post -a source=wayback` (or commoncrawl, warc, folder) from elsewhere,
    and by `postscraper replay` from many WARC files.

    \b
    Example:
      postscraper search ferry --since 2018 --archive demo-archive
    """
    if archive is not None and ctx.invoked_subcommand in GROUPS["Saved pages"]:
        raise click.UsageError(f"`{ctx.invoked_subcommand}` needs no archive: leave out --archive")
