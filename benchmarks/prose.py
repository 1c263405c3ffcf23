"""Made-up prose and people: words of no language, in the proportions of a real one."""

from collections.abc import Sequence
from itertools import accumulate
from random import Random

_ONSETS = ("b", "br", "c", "d", "f", "g", "gr", "h", "l", "m", "n", "p", "pr", "r", "s", "st", "t")
_VOWELS = ("a", "e", "i", "o", "u", "ea", "io")
_CODAS = ("", "", "l", "n", "r", "s", "nt", "rm")
_HOSTS = ("mail.example.org", "post.example.net", "inbox.example.org", "letters.example.net")
_TAGGED = 0.1  # of the addresses have a tag, and as many capitals


class Prose:
    """Text cut out of one book, so that making much of it is cheap; the same seed, the same book.

    The book is longer than the window of a fast compressor: what repeats in it is words, phrases
    and sometimes a passage, as in real documents, not whole pages.
    """

    def __init__(self, random: Random, size: int) -> None:
        self._random = random
        self.words = tuple(_word(random) for _ in range(6000))
        self._book = _book(random, self.words, size)

    def passage(self, size: int) -> str:
        """Return so many characters of the book, from anywhere in it."""
        start = int(self._random.random() * (len(self._book) - size))
        return self._book[start : start + size]

    def title(self) -> str:
        """Return a few words that start in capitals."""
        return " ".join(self._random.choices(self.words, k=5)).capitalize()

    def person(self) -> tuple[str, str]:
        """Return a name and an e-mail address, which is sometimes in capitals or has a tag."""
        chance = self._random.random()
        first, last = self._random.choices(self.words, k=2)
        host = _HOSTS[int(chance * len(_HOSTS))]
        tag = "+news" if chance < _TAGGED else ""
        address = f"{first}.{last}{int(chance * 900)}{tag}@{host}"
        return (
            f"{first.title()} {last.title()}",
            address.title() if chance > 1 - _TAGGED else address,
        )


def _word(random: Random) -> str:
    return "".join(
        random.choice(_ONSETS) + random.choice(_VOWELS) + random.choice(_CODAS)
        for _ in range(random.choice((1, 1, 2, 2, 2, 3)))
    )


def _book(random: Random, words: Sequence[str], size: int) -> str:
    """Write sentences of single words and stock phrases, both as frequent as Zipf's law has it."""
    frequencies = list(accumulate(_zipf(len(words))))
    phrases = [" ".join(random.choices(words, cum_weights=frequencies, k=6)) for _ in range(4000)]
    vocabulary = [*words, *phrases]
    weights = list(accumulate([*_zipf(len(words)), *(weight * 0.35 for weight in _zipf(4000))]))
    sentences: list[str] = []
    written = 0
    while written < size:
        parts = random.choices(vocabulary, cum_weights=weights, k=4000)
        for start in range(0, 4000, 8):
            sentences.append(" ".join(parts[start : start + 8]).capitalize() + ". ")
            written += len(sentences[-1])
    return "".join(sentences)


def _zipf(count: int) -> list[float]:
    return [1 / (rank + 3) for rank in range(count)]
