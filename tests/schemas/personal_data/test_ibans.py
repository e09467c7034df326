from stdnum import iban

from schemas.personal_data.ibans import IBANS, LENGTHS


def find(text: str) -> list[str]:
    return [text[start:end] for rule in IBANS.rules for start, end in rule.find(text)]


def test_examples_of_the_registry() -> None:
    # The examples of SWIFT's registry, checked by python-stdnum, which holds the structure of each country.
    examples = [
        "AT611904300234573201", "BE71096123456769", "CH9300762011623852957", "DE89370400440532013000",
        "DK5000400440116243", "ES9121000418450200051332", "FI2112345600000785", "FR1420041010050500013M02606",
        "GB29NWBK60161331926819", "IE29AIBK93115212345678", "IT60X0542811101000000123456",
        "LU280019400644750000",
        "NL91ABNA0417164300", "NO9386011117947", "PL61109010140000071219812874", "PT50000201231234567890154",
        "SE4550000000058398257466", "MT84MALT011000012345MTLCAST001S", "TR330006100519786457841326",
    ]  # fmt: skip
    for example in examples:
        assert iban.is_valid(example)
        assert LENGTHS[example[:2]] == len(example)
        assert find(f"auf {iban.format(example)} bitte") == [iban.format(example)]
        assert find(example.lower()) == [example.lower()]


def test_words_behind_are_not_part_of_it() -> None:
    assert find("BE55 5789 1571 4844 WORDT geweigerd") == ["BE55 5789 1571 4844"]


def test_a_mistyped_one_still_counts() -> None:
    assert not iban.is_valid("NL44ASNB0261169573")
    assert find("NL44 ASNB 0261 1695 73") == ["NL44 ASNB 0261 1695 73"]


def test_what_is_none() -> None:
    assert find("XX12 3456 7890 1234 56, DE12 3456, REDE02 1203 0000 0000 2020 51") == []
