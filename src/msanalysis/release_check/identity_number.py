"""Norwegian national identity numbers: found by their control digits, not by their length."""

import re

_WRITTEN = re.compile(r"(?<![\w.])(\d{5,6})[ \u00a0-]?(\d{5})(?:\.0)?(?!\w|\.\d)")
"""Eleven digits together, or six and five; as a number it may have lost its first zero."""
_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_D_NUMBER = 40
"""Added to the day of those without permanent residence."""
_TEST_MONTHS = (0, 40, 65, 80)
"""Added to the month of persons that are invented, by who invented them."""


def holds_identity_number(text: str) -> bool:
    """Whether digits in `text` are such a number."""
    return any(_is_identity_number(f"{day:0>6}{last}") for day, last in _WRITTEN.findall(text))


def _is_identity_number(digits: str) -> bool:
    day, month = int(digits[:2]), int(digits[2:4])
    return (
        any(1 <= day - added <= 31 for added in (0, _D_NUMBER))
        and any(1 <= month - added <= 12 for added in _TEST_MONTHS)
        and _agrees(digits, _FIRST)
        and _agrees(digits, _SECOND)
    )


def _agrees(digits: str, weights: tuple[int, ...]) -> bool:
    products = (int(digit) * weight for digit, weight in zip(digits, weights, strict=False))
    return sum(products) % 11 == 0
