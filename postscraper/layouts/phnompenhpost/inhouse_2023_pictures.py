"""The pictures of the publisher's own system: which is the main one, and whose caption is none."""

from dataclasses import replace

from postscraper.body import Body
from postscraper.bylines import split_credit
from postscraper.items import Image
from postscraper.layouts.phnompenhpost import dummy


def main_apart(story: Body) -> tuple[Body, tuple[Image, ...]]:
    """The story without the picture above it, and that picture; dummy captions are told as damage."""
    story, main = _parted(story)
    pictures = (*main, *story.images)
    latin = tuple(dummy.problem(each.caption_text) for each in pictures if dummy.is_latin(each.caption_text))
    story = replace(story, images=tuple(map(_without_latin, story.images)), problems=(*story.problems, *latin))
    return story, tuple(map(_without_latin, main))


def _parted(story: Body) -> tuple[Body, tuple[Image, ...]]:
    """The picture before the first block, with the caption that may be that block."""
    if not story.images or story.images[0].block != 0:
        return story, ()
    main = replace(story.images[0], block=None)
    rest = replace(story, images=story.images[1:])
    first = story.blocks[0].text if story.blocks else None
    caption, credit = split_credit(first)
    latin = dummy.is_latin(first)
    if main.caption_text is not None or first is None or not (latin or (caption and credit)):
        return rest, (main,)
    main = replace(main, caption=caption, credit=credit, caption_text=first)
    rest = replace(
        rest,
        blocks=rest.blocks[1:],
        images=tuple(replace(each, block=max((each.block or 0) - 1, 0)) for each in rest.images),
        links=tuple(replace(each, block=each.block - 1) for each in rest.links if each.block),
    )
    return rest, (main,)


def _without_latin(picture: Image) -> Image:
    return replace(picture, caption=None, credit=None) if dummy.is_latin(picture.caption_text) else picture
