"""Hints: a Python pattern widened to one that RE2 runs over a whole column.

RE2 knows no look-arounds and searches in linear time. A hint matches wherever its pattern does (and in some
texts more), for each change only widens: look-arounds go, or are read over where they stand at an end;
repetition loses its upper
bound, which keeps the automaton small. So hints cannot drift from their rules.
"""

import re

_CLASS = r"\[\^?\]?(?:\\.|[^\]\\])*\]"
_TOKEN = re.compile(rf"\\u[0-9a-f]{{4}}|\\.|{_CLASS}|\(\?(?:[:=!]|<[=!]|P<value>|-?i:)|\{{[0-9,]+\}}\??|.", re.DOTALL)
_WORD = r"\pL\pN_"
_SPACES = r"\s\x{a0}\x{2028}\x{2029}\x{3000}\x{2000}-\x{200a}\x{202f}\x{85}\x{1c}-\x{1f}\x0b"
_ESCAPES = {r"\w": f"[{_WORD}]", r"\W": f"[^{_WORD}]", r"\s": f"[{_SPACES}]", r"\b": "", "$": r"\n?$"}


def _widen_class(token: str) -> str:
    known = {r"[^\W\d_]": r"\pL", r"[^\W_]": r"[\pL\pN]", r"[\W_]": r"[^\pL\pN]"}
    if token in known:
        return known[token]
    body = token.replace(r"\w", _WORD).replace(r"\s", _SPACES)
    return re.sub(r"\\u([0-9a-f]{4})", r"\\x{\1}", body)


def _widen_token(token: str) -> str:
    if token.startswith("["):
        return _widen_class(token)
    if token.startswith("{") and token.endswith(("}", "?")):
        least = token[1:].split("}")[0].split(",")[0] or "0"
        exact = "," not in token
        return f"{{{least}}}" if exact else {"0": "*", "1": "+"}.get(least, f"{{{least},}}")
    if token.startswith(r"\u"):
        return rf"\x{{{token[2:]}}}"
    return _ESCAPES.get(token, token)


def _end_of_group(tokens: list[str], start: int) -> int:
    depth = 0
    for position in range(start, len(tokens)):
        depth += tokens[position].startswith("(") - (tokens[position] == ")")
        if depth == 0:
            return position
    raise ValueError("a group of the pattern is not closed")


def _widen(tokens: list[str], is_first: bool, is_last: bool) -> str:
    parts: list[str] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if not token.startswith("(?") or token in ("(?:", "(?P<value>", "(?i:", "(?-i:"):
            parts.append("(?:" if token == "(?P<value>" else _widen_token(token))
            position += 1
            continue
        end = _end_of_group(tokens, position)
        inner = tokens[position + 1 : end]
        if (token == "(?=" and is_last and end == len(tokens) - 1) or (token == "(?<=" and is_first and position == 0):
            parts.append(f"(?:{_widen(inner, False, False)})")
        elif token == "(?<!" and is_first and position == 0 and len(inner) == 1:
            inside = inner[0].removeprefix("[").removesuffix("]")
            parts.append("(?:^|" + _widen_class(f"[{inside[1:]}]" if inside.startswith("^") else f"[^{inside}]") + ")")
        position = end + 1
    return "".join(parts)


def widen(pattern: re.Pattern[str]) -> str:
    r"""Return an RE2 pattern that matches in every text in which `pattern` does.

    Args:
        pattern: A Python pattern of groups, classes, greedy repetition and look-arounds, without back
            references and without an alternative outside of a group.

    Example:
        >>> print(widen(re.compile(r"(?<![\w.])(?P<value>[0-9]{2,8})(?=[,.])")))
        (?:^|[^\pL\pN_.])(?:[0-9]{2,})(?:[,.])
    """
    hint = _widen(_TOKEN.findall(pattern.pattern), True, True)
    return f"(?i:{hint})" if pattern.flags & re.IGNORECASE else hint
