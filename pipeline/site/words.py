"""The words of the frame around the pages: navigation, headings and labels, in both languages."""

from pipeline.kit.language import read_texts

TEXTS = read_texts(__file__)
WORDS = TEXTS.group("words")


def say(language: str) -> dict[str, str]:
    """All words in one language, as templates use them."""
    return {name: text.in_language(language) for name, text in WORDS.items()}
