"""`postscraper images`: the same photo across stories and years, and pictures that are lost."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from postscraper.cli import options
from postscraper.cli.output import address, counted, joined, line, note, print_json
from postscraper.cli.progress import progress
from postscraper.cli.stories import find_row, picture_keys
from postscraper.items import plain
from storage.archive import Archive
from storage.maintenance.pictures import has_extra, measure
from storage.query.photos import LostPicture, PhotoUse, lost_pictures, same_photos

_INSTALL = "pip install 'postscraper[pictures]'"


@click.command("images")
@click.argument("story", metavar="[URL|ID]", required=False)
@click.option("--lost", is_flag=True, help="Name the pictures that stories print and the archive does not hold.")
@click.option("--measure", "measure_wanted", is_flag=True, help="Measure pictures that a merge or a replay brought.")
@click.option(
    "--limit", type=options.Number(1, 100_000), default=1_000, show_default=True, help="At most so many photos."
)
@options.json
@options.readable
def images_command(
    story: str | None, lost: bool, measure_wanted: bool, limit: int, json_wanted: bool, archive: Path
) -> None:
    """Print the photos that several stories have, with the captions and credits of each; or those of one story.

    A photo is known again by its looks: in another size, in another quality, with a watermark. Pictures are kept
    by `scrapy crawl post -s KEEP_IMAGES=1`, and measured at its end with the extra `pictures`.

    \b
    Example:
      postscraper images /national/flood-wall-holds-river-peaks
      postscraper images --lost
    """
    if sum((story is not None, lost, measure_wanted)) > 1:
        raise click.UsageError("give a story, --lost or --measure, one of them")
    if measure_wanted:
        _measure(archive, json_wanted=json_wanted)
        return
    with Archive.open(archive, readonly=True) as opened:
        key = picture_keys(opened)
        if lost:
            pictures = opened.ask(lost_pictures, key)
            _print_lost(pictures) if not json_wanted else print_json([plain(asdict(each)) for each in pictures])
            return
        story_id = find_row(opened, story).id if story else None
        total, photos = opened.ask(same_photos, key, story_id, limit=limit)
    if len(photos) < total:
        note(f"The first {len(photos):,} of {total:,} photos; --limit shows more.")
    if json_wanted:
        print_json([[plain(asdict(use)) for use in uses] for uses in photos])
        return
    for uses in photos:
        _print(uses)
    if not photos:
        which = "No picture of this story is kept" if story else "No photo is printed by two stories"
        note(f"{which}; `scrapy crawl post -s KEEP_IMAGES=1` keeps pictures.")


def _measure(archive: Path, *, json_wanted: bool) -> None:
    with options.locked(archive) as opened, progress("picture") as meter:
        states = measure(opened, lambda done, total: meter.show(done, done / total))
    if json_wanted:
        print_json(dict(states))
        return
    line(joined(counted(states.total(), "picture"), *(f"{count:,} {state}" for state, count in states.most_common())))
    if not has_extra():
        line(f"Sizes and looks are measured by an extra: {_INSTALL}; then --measure again.")


def _print(uses: list[PhotoUse]) -> None:
    photo = uses[0].photo
    size = f"{photo.width}×{photo.height}" if photo.width else None
    line(joined(address(photo.address), photo.mime, size, counted(photo.bytes, "byte"), photo.state), bold=True)
    for use in uses:
        line("  " + joined(use.published_on, use.headline, use.story_id))
        line(f"  {address(use.canonical_url)}")
        line("    " + (joined(use.caption, use.credit) or "without a caption"))
        if use.photo.address != photo.address:
            line(f"    {joined(address(use.photo.address), f'{use.distance} of 64 bits apart')}")
    line()


def _print_lost(pictures: list[LostPicture]) -> None:
    for each in pictures:
        line(f"{each.state}: {joined(address(each.address), each.why)}")
        line(f"  {joined(*map(address, each.stories[:3]), '…' if len(each.stories) > 3 else None)}")
    states = Counter(each.state for each in pictures)
    line(joined(f"{len(pictures):,} lost", *(f"{count:,} {state}" for state, count in states.most_common())))
