"""Untagged IMAP responses as lists, so that two servers can be compared: a
literal is a quoted string, FETCH items and flags have no order."""

import re

TOKEN = re.compile(r'\(|\)|"(?:[^"\\]|\\.)*"|~?\{(\d+)\}\r\n|[^\s()\[\]"{]+(?:\[[^\]]*\](?:<\d+>)?)?|\[|\]', re.S)


class String(str):
    """What was quoted or a literal."""


def parse(text):
    """-> list of atoms (str), strings (String) and lists"""
    stack, at = [[]], 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        found = TOKEN.match(text, at)
        if not found:
            raise ValueError(f"at {at}: {text[at:at + 40]!r} of {text[:200]!r}")
        token, at = found[0], found.end()
        if token == "(":
            stack.append([])
        elif token == ")":
            whole = stack.pop()
            stack[-1].append(whole)
        elif found[1]:
            octets = text.encode("utf-8", "surrogateescape")
            begin = len(text[:at].encode("utf-8", "surrogateescape"))
            value = octets[begin:begin + int(found[1])].decode("utf-8", "surrogateescape")
            stack[-1].append(String(value))
            at += len(value)
        elif token.startswith('"'):
            stack[-1].append(String(re.sub(r"\\(.)", r"\1", token[1:-1])))
        else:
            stack[-1].append(token)
    return stack[0]


def show(value):
    if isinstance(value, list):
        return "(" + " ".join(show(one) for one in value) + ")"
    if isinstance(value, String):
        return '"' + value.replace("\r\n", "\\r\\n") + '"'
    return value


def items_of(values, hidden=()):
    """(A 1 B 2) -> the pairs in the order of their names, which have no case; numbers that are each server's own hidden"""
    pairs = ((name.upper(), "#" if name.upper() in hidden else value) for name, value in zip(values[::2], values[1::2]))
    return [one for pair in sorted(pairs, key=lambda pair: pair[0]) for one in pair]


def normal(line):
    """A response without what two servers never share: UIDVALIDITY, MODSEQ, words for humans."""
    head = re.match(r"(OK|NO|BAD|BYE|PREAUTH)\b(?: \[((?:[^\]\"]|\"[^\"]*\")*)\])?", line)
    if head:
        code = re.sub(r"\b(UIDVALIDITY|HIGHESTMODSEQ|APPENDUID|COPYUID|MAILBOXID) \(?\w+\)?", r"\1 #", head[2] or "")
        if code.startswith("PERMANENTFLAGS"):
            code = "PERMANENTFLAGS (" + " ".join(sorted(parse(code)[1])) + ")"
        return f"{head[1]} [{code}]" if code else head[1]
    values = parse(line)
    if len(values) == 3 and values[1] == "FETCH":
        values[2] = items_of(values[2], ("MODSEQ", "SAVEDATE"))
        for at in range(0, len(values[2]), 2):
            if values[2][at] == "FLAGS":
                values[2][at + 1] = sorted(flag for flag in values[2][at + 1] if flag != "\\Recent")
            if values[2][at] == "INTERNALDATE":
                values[2][at + 1] = String(re.sub("^ ", "0", values[2][at + 1]))
    elif values[0] == "FLAGS":
        values[1].sort()
    elif values[0] in ("LIST", "LSUB"):
        values[1].sort()
        values[3] = String(values[3])
    elif values[0] == "STATUS":
        values[1] = String(values[1])
        values[2] = items_of(values[2], ("UIDVALIDITY", "HIGHESTMODSEQ"))
    text = " ".join(show(value) for value in values)
    return re.sub(r"\b(MODSEQ) \(?\d+\)?", r"\1 #", text)
