"""The program with one slip in it, in every way that is thought of.

mutmut thinks of those in Python; no tool does so for SQL, so WORDS and PHRASES do.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import ndiff
from pathlib import Path

import libcst as cst
from mutmut.mutation.file_mutation import create_mutations

WORDS = {
    "<": "<= >=",
    "<=": "< >",
    ">": ">= <=",
    ">=": "> <",
    "=": "<>",
    "<>": "=",
    "+": "-",
    "-": "+",
    "//": "*",
    "<<": ">>",
    ">>": "<<",
    "&": "|",
    "and": "or",
    "or": "and",
    "true": "false",
    "false": "true",
    "min": "max",
    "max": "min",
    "sum": "max",
    "arg_max": "arg_min",
    "bool_or": "bool_and",
    "least": "greatest",
    "greatest": "least",
    "lag": "lead",
    "first_value": "last_value",
    "last_value": "first_value",
    "semi": "anti",
    "anti": "semi",
}
"""What may stand in for a word or an operator."""

PHRASES = {
    r"\bis null\b": "is not null",
    r"\bis not null\b": "is null",
    r"(?<!is )\bnot ": "",
    r"(?<=filter \()": "not ",
    r"\bleft join\b": "join",
    r"(?<!left )(?<!semi )(?<!anti )\bjoin\b": "left join",
    r"\bunion all\b": "union",
    r"\bselect distinct\b": "select",
    r"\border by (\w+)": r"order by \1 desc",
    r"\bpartition by \w+": "partition by null",
    r"\bignore nulls\b": "respect nulls",
    r"\bcoalesce\(([\w.]+), ([\w.]+)\)": r"coalesce(\2, \1)",
    r"(?<=, )null\b": "false",
    r"::\w+": "",
}
"""The same for what takes more than a word to tell."""


@dataclass(frozen=True)
class Mutant:
    """A file and what would stand in it; `change` says which lines become which."""

    file: str
    change: str
    text: str


def mutants(tree: Path, file: str) -> list[Mutant]:
    """Those of a file, in its order."""
    before = (tree / file).read_text(encoding="utf-8")
    altered = in_python if file.endswith(".py") else in_sql
    return [
        Mutant(file, f"{file}: {change(before, after)}", after)
        for after in dict.fromkeys(altered(before))
        if after != before
    ]


def in_python(text: str) -> Iterator[str]:
    """The text with each mutation of mutmut's, but for those that cannot be put in place, or are much like another."""
    module, mutations, *_ = create_mutations("", text)
    for mutation in mutations:
        in_body_of_class = not isinstance(mutation.contained_by_top_level_function, cst.FunctionDef | None)
        other_case = isinstance(mutation.mutated_node, cst.SimpleString) and "XX" not in mutation.mutated_node.value
        if not (in_body_of_class or other_case):
            yield module.deep_replace(mutation.original_node, mutation.mutated_node).code


def in_sql(text: str) -> Iterator[str]:
    """The text with each word, phrase and number altered; comments and what is quoted stay."""
    code = re.sub(r"--.*|'[^']*'|create or replace", lambda found: " " * len(found[0]), text)
    for found in re.finditer(r"\w+|[<>=/&+-]+", code):
        for word in WORDS.get(found[0], "").split():
            yield text[: found.start()] + word + text[found.end() :]
    for found in re.finditer(r"\b\d+\b", code):
        yield text[: found.start()] + str(int(found[0]) + 1) + text[found.end() :]
    for phrase, other in PHRASES.items():
        for found in re.finditer(phrase, code):
            yield text[: found.start()] + found.expand(other) + text[found.end() :]


def change(before: str, after: str) -> str:
    """The lines that differ, as they were and as they are, whatever space is in them: `this -> that`."""
    lines = [*ndiff(before.splitlines(), after.splitlines())]
    was, becomes = ([word for line in lines if line.startswith(sign) for word in line[2:].split()] for sign in "-+")
    return f"{' '.join(was)} -> {' '.join(becomes)}"
