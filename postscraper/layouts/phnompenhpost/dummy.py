"""Dummy Latin: what a text generator wrote into captions, and the move of 2023 made public.

The words are those of Drupal's Devel module, which fills empty fields of test sites.
"""

# From its submodule devel_generate; the words that are also English are left out.
_WORDS_OF_DEVEL = """
    abbas abdo abico abigo abluo accumsan acsi adipiscing aliquam aliquip amet antehabeo appellatio
    aptent augue autem blandit brevitas caecus camur capto cogo comis commodo commoveo consectetuer
    consequat conventio cui damnum decet defui diam dignissim distineo dolor dolore dolus duis eligo
    elit enim erat esca euismod eum exerci exputo facilisi facilisis fere feugiat gemino genitus
    gilvus gravis haero hendrerit hos huic humo iaceo ibidem ideo ille illum immitto importunus
    imputo incassum inhibeo interdico iriure iusto iustum jugis jumentum jus laoreet lenis letalis
    lobortis loquor lucidus luctus ludus luptatum macto magna mauris melior metuo meus minim modo
    molior mos natu neo neque nibh nimis nisl nobis nostrud nulla nunc nutus obruo occuro odio olim
    oppeto pagus pala paratus patria paulatim pecus persto pertineo plaga pneum populus praemitto
    praesent premo probo proprius quadrum quae qui quia quibus quidem quidne quis ratis refero
    refoveo roto rusticus saepe sagaciter saluto scisco secundum sed similis singularis sino sit
    sudo suscipere suscipit tamen tation tego tincidunt torqueo tum turpis typicus ulciscor
    ullamcorper usitas utinam utrum uxor valde valetudo validus vel velit veniam venio vereor vero
    verto vicis vindico virtus voco volutpat vulpes vulputate wisi ymo zelus
"""
_WORDS = frozenset(_WORDS_OF_DEVEL.split())
_FEWEST = 4  # words; fewer may be a name or a motto


def is_latin(text: str | None) -> bool:
    """Whether at least three of four words are the generator's."""
    words = [word.strip(".,;:").casefold() for word in (text or "").split()]
    return len(words) >= _FEWEST and sum(word in _WORDS for word in words) * 4 >= len(words) * 3
