"""What people write for a number, and how a box (typed.js) and an address (pages/shared/typed.py) read it."""

NO_NUMBER, NOT_WHOLE = "is no number that can be used", "is no whole number"
TYPED = [  # what people type, for a whole number or not, and the field's value or the words
    ("0,3", False, "0.3"), ("1,6", False, "1.6"), ("12,5", False, "12.5"), ("0,300", False, "0.3"),
    (".5", False, "0.5"),
    ("1.234,5", False, "1234.5"), ("1,234.5", False, "1234.5"), ("1.234.567", True, "1234567"), ("1 000", True, "1000"),
    ("1e-3", False, "0.001"), ("1E3", True, "1000"), ("−2", False, "-2"), ("½", False, "0.5"), ("1½", False, "1.5"),
    ("1/4", False, "0.25"), ("٣", False, "3"), ("٠٫٣", False, "0.3"), ("१.५", False, "1.5"), ("１２", True, "12"),
    ("1,234", False, "may be 1.234 or 1234"), ("1,000", True, "may be 1 or 1000"), ("1.000", True, "may be 1 or 1000"),
    ("2.7", True, NOT_WHOLE), ("2,5", True, NOT_WHOLE), ("½", True, NOT_WHOLE), ("1e400", True, NO_NUMBER),
    ("", False, "is empty"), ("abc", False, NO_NUMBER), ("1.2.3", False, NO_NUMBER), ("10²", False, NO_NUMBER),
    ("1_0", False, NO_NUMBER), ("0x10", False, NO_NUMBER), ("1/0", False, NO_NUMBER), ("inf", False, NO_NUMBER),
    ("2 000", True, "2000"), ("1e-2", False, "0.01"), ("1.000", False, "1"),
    ("∞", False, NO_NUMBER), ("-", False, NO_NUMBER),
    ("0,3", True, NOT_WHOLE), ("--1", False, NO_NUMBER), ("5 %", False, NO_NUMBER), ("1,2,3", False, NO_NUMBER),
]  # fmt: skip
