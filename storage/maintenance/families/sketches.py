"""MinHash bands by rensa, which is an optional extra: this module is imported only where it is installed.

32 bands, each of four of the 128 minima. Two texts of which the share J of all shingles is in both agree in a band with
probability 1 - (1 - J⁴)³²: 0.23 for J = 0.3, 0.87 for 0.5, 0.99 for 0.6. Texts that share less are found by a paragraph
that both have.
"""

from collections.abc import Collection, Sequence
from struct import pack
from zlib import crc32

from rensa import RMinHash

from storage.maintenance.families.candidates import BANDS

SEED = 7076
ROWS = 4
PERMUTATIONS = BANDS * ROWS


def bands(shingles: Sequence[Collection[str]]) -> list[list[int]]:
    """For the shingles of each text, at least one, the numbers of its bands, of 32 bits each."""
    digests = RMinHash.digests_from_token_sets([list(each) for each in shingles], PERMUTATIONS, SEED)
    return [
        [crc32(pack(f"<{ROWS}Q", *digest[first : first + ROWS])) for first in range(0, PERMUTATIONS, ROWS)]
        for digest in digests
    ]
