"""Correction notes: which paragraphs are notes and of which kind, and which only speak of corrections."""

import pytest

from storage.query.history.notes import Note, notes

CORRECTIONS = [
    "Correction: The ducks were 200.",
    "CORRECTION – The ducks were 200.",
    "[Correction: An earlier version said 300.]",
    "Correction (June 3): The ducks were 200.",
    "Correction, June 3: The ducks were 200.",
    "Correction of 3 June 2018: The ducks were 200.",
    "Correction to this article: the name is Keo.",
    "Correction\nAn earlier version said 300.",
    "CORRECTION",
    "CORRECTED: The ducks were 200.",
    "Erratum: the ducks were 200.",
    "Corrections and clarifications: two names were wrong.",
    "An earlier version of this story said that 300 ducks died.",
    "Earlier versions of this article gave the wrong name.",
    "In an earlier version of this story, the name was misspelled.",
    "Due to an editing error, an earlier version of this story misspelled the name.",
    "Note: An earlier version of this article misstated the price.",
    "The headline on an earlier version of this story was wrong.",
    "The headline of this story has been corrected.",
    "*This article has been corrected from an earlier version.",
    "This article was amended on 3 June to say that the ducks were 200.",
    "This article has been updated to correct the number of ducks.",
    "This version corrects the number of ducks in paragraph two.",
    "This story originally said that 300 ducks died.",
    "Our story of June 3 wrongly said that the ducks were 300. They were 200.",
    "The Post regrets the error.",
    "The Phnom Penh Post apologises to Mr Keo for the mistake.",
    "We regret the error.",
    "Editor’s note: This story has been corrected.",
    "Editor's note: The name of the minister was misspelled.",
    "Editor's note: We apologise for the mistake.",
    "កែតម្រូវ៖ ចំនួនទាគឺ ២០០ ក្បាល។",
    "សូម​កែ​តម្រូវ៖ ចំនួនទាគឺ ២០០ ក្បាល។",
    "(កែតំរូវ) ចំនួនទាគឺ ២០០ ក្បាល។",
    "សេចក្តីកែតម្រូវ: ចំនួនទាគឺ ២០០ ក្បាល។",
    "កំណែតម្រូវ ៖ ចំនួនទាគឺ ២០០ ក្បាល។",
    "កំណែដើមនៃអត្ថបទនេះបានសរសេរថា មានទា ៣០០ ក្បាល។",
    "អត្ថបទនេះត្រូវបានកែសម្រួលនៅថ្ងៃទី ៤ មិថុនា។",
    "ភ្នំពេញ ប៉ុស្តិ៍ សូមអភ័យទោសចំពោះកំហុសនេះ។",
    "យើងខ្ញុំសូមអភ័យទោសចំពោះកំហុសក្នុងអត្ថបទមុន។",
    "កំណត់សម្គាល់ពីនិពន្ធនាយក៖ អត្ថបទមុនសរសេរខុស។",
]
CLARIFICATIONS = [
    "Clarification: The landing belongs to the district.",
    "CLARIFICATION — The landing belongs to the district.",
    "This article has been clarified.",
    "This story was updated at 10am with the governor's words.",
    "Editor's note: The words of the governor need clarification.",
    "សេចក្ដីបំភ្លឺ៖ ផែនេះជារបស់ស្រុក។",
    "អត្ថបទនេះត្រូវបានធ្វើបច្ចុប្បន្នភាព។",
]
EDITORS_NOTES = [
    "Editor's note: This is the first of three reports.",
    "Editors’ note: Names were changed at the wish of the families.",
    "Ed's note: The author is a lawyer.",
    "Editor's note: This interview has been edited for length and clarity.",
    "Editor's note: The author was wrongly jailed in 2010.",
    "Editor's note: The report was updated by the United Nations last year.",
    "កំណត់សម្គាល់៖ តម្លៃទាំងនេះខុសគ្នា។",
]
NONE = [
    "Correction officers said that the ducks had flown.",
    "Corrections Department head Keo Sok said that prisoners may leave.",
    "Correction of the law is urgent, lawmakers say.",
    "The newspaper Koh Santepheap ran a correction: it said that the ducks were 200.",
    "The Post has been corrected by the ministry, which said that the ducks were 200.",
    "The Post apologises to nobody, its editor told the court.",
    "“We regret the error,” the minister said.",
    "We regret the deaths, the minister said.",
    "We regret the error, the minister told reporters.",
    "An earlier version of the law was rejected by parliament.",
    "A previous version of the draft was leaked.",
    "An earlier version of the report was leaked in May.",
    "The original version of this painting hangs in Paris.",
    "This article of the constitution has been amended twice.",
    "This article was changed by parliament in 1999.",
    "This report was updated by the ministry last year.",
    "This report wrongly accuses us, the minister said.",
    "This story was told to villagers by monks.",
    "This story initially sounded strange to the police.",
    "This story originally appeared in another paper.",
    "This interview has been edited for length and clarity.",
    "This column was edited by the late Sok An.",
    "Note: prices are in riel.",
    "Clarification of the borders will take years.",
    "ការកែតម្រូវច្បាប់នេះនឹងធ្វើនៅខែក្រោយ។",
    "កំណែទម្រង់ច្បាប់នេះនឹងធ្វើនៅខែក្រោយ។",
    "កំណែដើមនៃច្បាប់នេះត្រូវបានបដិសេធ។",
    "«យើងសូមអភ័យទោសចំពោះកំហុសនេះ» លោករដ្ឋមន្ត្រីបានថ្លែង។",
    "អត្ថបទនេះរៀបរាប់អំពីទា។",
]


def notes_of(text: str) -> list[Note]:
    return list(notes({"body": [{"kind": "paragraph", "text": text}]}))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((text, "correction") for text in CORRECTIONS),
        *((text, "clarification") for text in CLARIFICATIONS),
        *((text, "editors_note") for text in EDITORS_NOTES),
    ],
)
def test_a_note_is_known_by_its_opening(text: str, kind: str) -> None:
    (note,) = notes_of(text)
    assert note.kind == kind
    assert note.explains == (kind != "editors_note")


@pytest.mark.parametrize("text", NONE)
def test_words_about_corrections_are_no_note(text: str) -> None:
    assert notes_of(text) == []
