"""Stories written by hand: each has what generated ones have not."""

from datetime import datetime

from tests.wordpress.stories import (
    HOME,
    KHMER_NEWS,
    PICTURES,
    Block,
    Comment,
    Shown,
    Story,
    blocks,
    crosshead,
    encoded,
    paragraph,
    picture,
)

FERRY, WEAVERS, MARKET, CANAL = (PICTURES[name] for name in ("ferry", "weavers", "market", "canal"))
REGATTA, SCHOOL, PADDIES, MURAL = (PICTURES[name] for name in ("regatta", "school", "paddies", "mural"))
KHMER_BOATS = PICTURES["khmer-boats"]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# A caption with its credit, a quotation, typed quotes and dashes, an excerpt of its own, comments.
ferry_returns = Story(
    id=601,
    slug="ferry-returns-to-prek-kdei",
    headline="Ferry returns to Prek Kdei – ‘at last’",
    title="Ferry returns to Prek Kdei - 'at last'",
    excerpt="After four months without a crossing, the villages on both banks are a quarter of an hour apart again.",
    content=blocks(
        paragraph(
            "The ferry at Prek Kdei carried its first passengers in four months on Tuesday, ending what one trader "
            'called "the longest detour of my life".'
        ),
        picture(FERRY, "The morning ferry leaves Prek Kdei. Heng Vuthy"),
        paragraph(
            "Repairs to the landing -- delayed twice by high water -- cost $41,000, commune chief Ros Phally said. "
            "The crossing takes 15 minutes; the road around takes two hours..."
        ),
        '<!-- wp:quote -->\n<blockquote class="wp-block-quote"><p>We don\'t need a bridge. We need a ferry that '
        "runs.</p><cite>Trader Meas Sophy</cite></blockquote>\n<!-- /wp:quote -->",
        paragraph(
            f'A ticket stays at 1,000 riel. <a href="{HOME}/business/market-hall-opens-at-svay-chrum/">Traders</a> '
            "from Svay Chrum have asked for a later boat."
        ),
    ),
    body=(
        Block(
            "paragraph",
            "The ferry at Prek Kdei carried its first passengers in four months on Tuesday, ending what one trader "
            "called “the longest detour of my life”.",
        ),
        Block(
            "paragraph",
            "Repairs to the landing — delayed twice by high water — cost $41,000, commune chief Ros Phally said. "
            "The crossing takes 15 minutes; the road around takes two hours…",
        ),
        Block("quote", "We don’t need a bridge. We need a ferry that runs."),
        Block("quote", "Trader Meas Sophy"),
        Block(
            "paragraph",
            "A ticket stays at 1,000 riel. Traders from Svay Chrum have asked for a later boat.",
        ),
    ),
    featured=FERRY,
    pictures=(Shown(picture=FERRY, caption="The morning ferry leaves Prek Kdei.", credit="Heng Vuthy"),),
    categories=("national",),
    tags=("ferries", "Prek Kdei"),
    author="sok-dara",
    date=_at("2026-06-16T18:42:10"),
    modified=_at("2026-06-16T21:05:33"),
    comments=(
        Comment("Vibol", "My mother took the first boat & cried."),
        Comment("A reader", "When does the last one leave?"),
    ),
)

# A gallery of blocks, a pull quote, two categories.
weavers = Story(
    id=602,
    slug="the-weavers-of-koh-trong",
    headline="The weavers of Koh Trong",
    title="The weavers of Koh Trong",
    content=blocks(
        paragraph("Under the house of Nhem Sarin, six looms stand where the cows used to sleep."),
        '<!-- wp:pullquote -->\n<figure class="wp-block-pullquote"><blockquote><p>A loom eats less than a cow.</p>'
        "<cite>Nhem Sarin</cite></blockquote></figure>\n<!-- /wp:pullquote -->",
        paragraph("She sold the herd in 2021. “A loom eats less than a cow,” she says."),
        '<!-- wp:gallery {"linkTo":"none"} -->\n'
        '<figure class="wp-block-gallery has-nested-images columns-default is-cropped">'
        + blocks(
            picture(WEAVERS, "Weavers sort thread under a stilt house. Heng Vuthy"),
            picture(SCHOOL, None),
        )
        + '<figcaption class="blocks-gallery-caption wp-element-caption">A day on the island. '
        "<em>Photographs: Heng Vuthy</em></figcaption></figure>\n<!-- /wp:gallery -->",
        paragraph("The thread comes from Takeo, the dye from the garden."),
    ),
    body=(
        Block("paragraph", "Under the house of Nhem Sarin, six looms stand where the cows used to sleep."),
        Block("pullquote", "A loom eats less than a cow."),
        Block("pullquote", "Nhem Sarin"),
        Block("paragraph", "She sold the herd in 2021. “A loom eats less than a cow,” she says."),
        Block("paragraph", "The thread comes from Takeo, the dye from the garden."),
    ),
    featured=WEAVERS,
    pictures=(
        Shown(picture=WEAVERS, caption="Weavers sort thread under a stilt house.", credit="Heng Vuthy"),
        Shown(picture=SCHOOL),
    ),
    categories=("lifestyle", "arts-culture"),
    tags=("silk",),
    author="chan-mealea",
    date=_at("2026-06-14T09:00:00"),
    modified=_at("2026-06-14T09:00:00"),
)

# Typed in the old editor: paragraphs by blank lines, and its gallery.
boat_heats = Story(
    id=603,
    slug="boat-heats-in-pictures",
    headline="Boat heats, in pictures",
    title="Boat heats, in pictures",
    content="Forty crews met at the landing on Saturday for the first heats of the season.\n\n"
    f'[gallery columns="2" size="medium" ids="{REGATTA.id},{FERRY.id}"]\n\n'
    "The second heats follow on <strong>28 June</strong>.",
    body=(
        Block("paragraph", "Forty crews met at the landing on Saturday for the first heats of the season."),
        Block("paragraph", "The second heats follow on 28 June."),
    ),
    featured=REGATTA,
    pictures=(
        Shown(picture=REGATTA, caption="Crews wait for the second heat.", credit="Chan Mealea/Post"),
        Shown(picture=FERRY, caption="The morning ferry leaves Prek Kdei.", credit="Heng Vuthy"),
    ),
    categories=("sport",),
    author="chan-mealea",
    date=_at("2026-06-13T20:15:00"),
    modified=_at("2026-06-13T20:15:00"),
)

# Typed in the old editor: a caption shortcode, crossheads, an ampersand in the headline; on top of the front page.
market_hall = Story(
    id=604,
    slug="market-hall-opens-at-svay-chrum",
    headline="Rice & fish under one roof: market hall opens",
    title="Rice &amp; fish under one roof: market hall opens",
    content="Svay Chrum opened its market hall on Monday, three years after the old one burned down.\n\n"
    f'[caption id="attachment_{MARKET.id}" align="aligncenter" width="800"]<img '
    f'class="size-large wp-image-{MARKET.id}" src="{HOME}{MARKET.path}" '
    f'alt="{MARKET.alt}" width="800" height="533" /> Traders open the new market hall. Sok Dara[/caption]\n\n'
    "<h3>Half the stalls let</h3>\nOf 212 stalls, 108 are taken, said Kim Leang of the market committee.\n\n"
    "<h3>“No smoke”</h3>\nGrills stay outside; R&amp;D into the fire took two years.\nA second exit leads to "
    "the river.",
    body=(
        Block("paragraph", "Svay Chrum opened its market hall on Monday, three years after the old one burned down."),
        Block("crosshead", "Half the stalls let"),
        Block("paragraph", "Of 212 stalls, 108 are taken, said Kim Leang of the market committee."),
        Block("crosshead", "“No smoke”"),
        Block(
            "paragraph",
            "Grills stay outside; R&D into the fire took two years. A second exit leads to the river.",
        ),
    ),
    featured=MARKET,
    pictures=(Shown(picture=MARKET, caption="Traders open the new market hall.", credit="Sok Dara"),),
    categories=("business",),
    tags=("markets", "R&D"),
    author="sok-dara",
    date=_at("2026-06-08T17:30:00"),
    modified=_at("2026-06-09T08:12:45"),
    sticky=True,
    comments=(Comment("Kolap", "Rents?"),),
)

# Lists, crossheads of two levels, a table.
lake_rules = Story(
    id=605,
    slug="new-rules-for-lake-fishing",
    headline="New rules for lake fishing: what changes on July 1",
    title="New rules for lake fishing: what changes on July 1",
    content=blocks(
        paragraph("Families who fish the lake must register their nets from next month."),
        crosshead("What is banned"),
        "<!-- wp:list -->\n<ul><!-- wp:list-item -->\n<li>Nets finer than 2.5 cm</li>\n<!-- /wp:list-item -->\n\n"
        "<!-- wp:list-item -->\n<li>Lamps after <em>midnight</em></li>\n<!-- /wp:list-item --></ul>\n<!-- /wp:list -->",
        crosshead("How to register", 3),
        '<!-- wp:list {"ordered":true} -->\n<ol><!-- wp:list-item -->\n<li>Bring the net to the commune hall.</li>\n'
        "<!-- /wp:list-item -->\n\n<!-- wp:list-item -->\n<li>Pay 5,000 riel.</li>\n<!-- /wp:list-item --></ol>\n"
        "<!-- /wp:list -->",
        '<!-- wp:table -->\n<figure class="wp-block-table"><table><thead><tr><th>Commune</th><th>Day</th></tr></thead>'
        "<tbody><tr><td>Kampong Phluk</td><td>2 July</td></tr><tr><td>Me Chrey</td><td>3 July</td></tr></tbody></table>"
        '<figcaption class="wp-element-caption">Registration days</figcaption></figure>\n<!-- /wp:table -->',
        paragraph("Fines begin at 200,000 riel."),
    ),
    body=(
        Block("paragraph", "Families who fish the lake must register their nets from next month."),
        Block("crosshead", "What is banned"),
        Block("list_item", "Nets finer than 2.5 cm"),
        Block("list_item", "Lamps after midnight"),
        Block("crosshead", "How to register"),
        Block("list_item", "Bring the net to the commune hall."),
        Block("list_item", "Pay 5,000 riel."),
        Block("table_row", "Commune | Day"),
        Block("table_row", "Kampong Phluk | 2 July"),
        Block("table_row", "Me Chrey | 3 July"),
        Block("paragraph", "Fines begin at 200,000 riel."),
    ),
    categories=("national",),
    tags=("fishing", "Tonle Sap"),
    date=_at("2026-06-12T11:07:00"),
    modified=_at("2026-06-12T11:07:00"),
)

# What another site shows, as a block and as pasted markup.
rain_radar = Story(
    id=606,
    slug="rain-radar-back-after-a-week",
    headline="Rain radar back after a week",
    title="Rain radar back after a week",
    content=blocks(
        paragraph("The rain radar is on again, the ministry wrote on Thursday."),
        '<!-- wp:html -->\n<figure class="wp-block-embed is-type-rich is-provider-twitter wp-block-embed-twitter">'
        '<div class="wp-block-embed__wrapper"><blockquote class="twitter-tweet" data-width="550" data-dnt="true">'
        '<p lang="en" dir="ltr">The radar is on again.</p>&mdash; Rain Office (@rainoffice) '
        '<a href="https://social.example.org/rainoffice/status/1">June 11, 2026</a></blockquote></div></figure>\n'
        "<!-- /wp:html -->",
        '<!-- wp:html -->\n<iframe title="Radar of the week" width="560" height="315" '
        'src="https://video.example.org/embed/radar"></iframe>\n<!-- /wp:html -->',
        paragraph("Boats had stayed ashore for six days."),
    ),
    body=(
        Block("paragraph", "The rain radar is on again, the ministry wrote on Thursday."),
        Block("embed", "The radar is on again. — Rain Office (@rainoffice) June 11, 2026"),
        Block("paragraph", "Boats had stayed ashore for six days."),
    ),
    categories=("national",),
    date=_at("2026-06-11T16:20:05"),
    modified=_at("2026-06-11T16:20:05"),
)

# A correction, made a day later; cut on lists by hand.
canal_water = Story(
    id=607,
    slug="water-returns-to-the-canal",
    headline="Water returns to the canal at Toul Svay",
    title="Water returns to the canal at Toul Svay",
    content=blocks(
        paragraph("For the first time since February, water stands knee-deep in the canal at Toul Svay."),
        "<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->",
        paragraph("Farmers had dug a side channel of 340 metres by hand."),
        picture(CANAL, "Water returns to the canal at Toul Svay. Photo supplied", "full"),
        '<!-- wp:separator -->\n<hr class="wp-block-separator has-alpha-channel-opacity"/>\n<!-- /wp:separator -->',
        paragraph(
            "<em>Correction: An earlier version of this story gave the length of the channel as 430 metres. "
            "It is 340 metres.</em>"
        ),
    ),
    body=(
        Block("paragraph", "For the first time since February, water stands knee-deep in the canal at Toul Svay."),
        Block("paragraph", "Farmers had dug a side channel of 340 metres by hand."),
        Block(
            "correction",
            "Correction: An earlier version of this story gave the length of the channel as 430 metres. "
            "It is 340 metres.",
        ),
    ),
    featured=CANAL,
    pictures=(Shown(picture=CANAL, caption="Water returns to the canal at Toul Svay.", credit="Photo supplied"),),
    categories=("national",),
    tags=("water",),
    author="sok-dara",
    date=_at("2026-06-10T07:55:00"),
    modified=_at("2026-06-11T10:01:02"),
)

# A story in two pages.
floating_school = Story(
    id=608,
    slug="a-year-at-the-floating-school",
    headline="A year at the floating school",
    title="A year at the floating school",
    content=blocks(
        paragraph("In the dry months the school lies in the mud, and the pupils walk."),
        paragraph("In October it floats, and they row."),
        "<!-- wp:nextpage -->\n<!--nextpage-->\n<!-- /wp:nextpage -->",
        crosshead("High water"),
        paragraph("The headmistress, Oum Chanthy, keeps a list of who can swim. It has 61 names."),
    ),
    body=(
        Block("paragraph", "In the dry months the school lies in the mud, and the pupils walk."),
        Block("paragraph", "In October it floats, and they row."),
        Block("crosshead", "High water"),
        Block("paragraph", "The headmistress, Oum Chanthy, keeps a list of who can swim. It has 61 names."),
    ),
    featured=SCHOOL,
    categories=("post-in-depth",),
    author="eleanor-finch",
    date=_at("2026-06-07T06:00:00"),
    modified=_at("2026-06-07T06:00:00"),
)

# Markup in the headline, and nobody's name on it.
tum_teav = Story(
    id=609,
    slug="why-tum-teav-still-hurts",
    headline="Why Tum Teav still hurts",
    title="Why <em>Tum Teav</em> still hurts",
    content=blocks(
        paragraph("Every reader knows how it ends, and reads on."),
        paragraph("The poem of the '30s is taught in year nine -- too early, teachers say, or too late."),
    ),
    body=(
        Block("paragraph", "Every reader knows how it ends, and reads on."),
        Block("paragraph", "The poem of the ’30s is taught in year nine — too early, teachers say, or too late."),
    ),
    categories=("opinion",),
    author=None,
    date=_at("2026-06-06T12:00:00"),
    modified=_at("2026-06-06T12:00:00"),
)

# Emoji, and signs that WordPress sets.
mural_rain = Story(
    id=610,
    slug="mural-survives-the-rain",
    headline="Mural survives the rain 🌧️ (just)",
    title="Mural survives the rain 🌧️ (just)",
    content=blocks(
        paragraph("The 12x4 metre wall on Street 93 has lost its sky 🌧️ and kept its boats 🛶."),
        picture(MURAL, 'The mural on Street 93 "before the rain". Heng Vuthy', "medium"),
        paragraph("&#8220;It will dry,&#8221; said the painter, Ly Sreymom &mdash; and it did."),
    ),
    body=(
        Block("paragraph", "The 12×4 metre wall on Street 93 has lost its sky 🌧️ and kept its boats 🛶."),
        Block("paragraph", "“It will dry,” said the painter, Ly Sreymom — and it did."),
    ),
    featured=MURAL,
    pictures=(Shown(picture=MURAL, caption="The mural on Street 93 “before the rain”.", credit="Heng Vuthy"),),
    categories=("lifestyle", "arts-culture"),
    author="chan-mealea",
    date=_at("2026-06-05T15:45:00"),
    modified=_at("2026-06-05T15:45:00"),
)

# Carried over from long before the site.
river_town = Story(
    id=611,
    slug="river-town-counts-its-votes",
    headline="River town counts its votes",
    title="River town counts its votes",
    content="The count in the schoolhouse went on by lamp light until four in the morning.\r\n\r\n"
    "No one went home, said the clerk, because no one wanted to walk in the dark.",
    body=(
        Block("paragraph", "The count in the schoolhouse went on by lamp light until four in the morning."),
        Block("paragraph", "No one went home, said the clerk, because no one wanted to walk in the dark."),
    ),
    categories=("national",),
    author="staff",
    date=_at("1993-07-02T07:00:00"),
    modified=_at("2026-03-14T02:00:07"),
)

# In Khmer, with a Khmer slug, a picture and zero-width spaces between words.
new_boats = Story(
    id=612,
    slug="ទូកថ្មីនៅកំពង់ចម្លង",
    headline="ទូក\u200bថ្មី\u200bនៅ\u200bកំពង់ចម្លង",
    title="ទូក\u200bថ្មី\u200bនៅ\u200bកំពង់ចម្លង",
    content=blocks(
        paragraph("អ្នក\u200bភូមិ\u200bបាន\u200bទទួល\u200bទូក\u200bថ្មី\u200bចំនួន ៤ គ្រឿង កាលពីថ្ងៃអង្គារ។"),
        picture(KHMER_BOATS, "ទូកថ្មីនៅកំពង់ចម្លង។ ហេង វុទ្ធី"),
        crosshead("តម្លៃ​សំបុត្រ"),
        paragraph("លោក រស់ ផល្លី បាននិយាយថា «សំបុត្រ​នៅ​តែ ១០០០ រៀល»។"),
    ),
    body=(
        Block("paragraph", "អ្នក\u200bភូមិ\u200bបាន\u200bទទួល\u200bទូក\u200bថ្មី\u200bចំនួន ៤ គ្រឿង កាលពីថ្ងៃអង្គារ។"),
        Block("crosshead", "តម្លៃ​សំបុត្រ"),
        Block("paragraph", "លោក រស់ ផល្លី បាននិយាយថា «សំបុត្រ​នៅ​តែ ១០០០ រៀល»។"),
    ),
    featured=KHMER_BOATS,
    pictures=(Shown(picture=KHMER_BOATS, caption="ទូកថ្មីនៅកំពង់ចម្លង។", credit="ហេង វុទ្ធី"),),
    categories=(encoded(KHMER_NEWS),),
    tags=("ទូក",),
    author="keo-vanna",
    date=_at("2026-06-15T10:30:00"),
    modified=_at("2026-06-15T10:31:00"),
    language="km",
)

WRITTEN = (
    ferry_returns, weavers, boat_heats, market_hall, lake_rules, rain_radar, canal_water, floating_school, tum_teav,
    mural_rain, river_town, new_boats,
)  # fmt: skip
