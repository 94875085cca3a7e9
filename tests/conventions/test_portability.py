"""Models read the same on DuckDB and on Spark: no form that one engine lacks, or reads otherwise.

Most of these forms run on both engines and answer differently without a word (docs/distributed.md),
so that nothing but a comparison of rows (tests/parity) or a rule finds them.
"""

import re
from pathlib import Path

import pytest
from project import REPOSITORY

ENGINES = REPOSITORY / "macros/engines"
"""Where the forms are spelt for each engine, body beside body."""
EXEMPT = {
    "macros/landing.sql": "calls dbt's `log`, and counts the columns of a result from 0",
    "macros/names.sql": "names invisible letters by their numbers, which Jinja reads",
}
"""Files that are not held to the rules, and why."""
BODY = re.compile(r"^(duckdb|spark)__(\w+)$")

BANNED = {
    r"\blog\(": ("log(x)", "base 10 here, base e there: ln, log10 or log2"),
    r"\bln\((?!1 \+|nullif)": ("ln(n)", "ln(0) is infinite here, null there: ln(1 + x)"),
    r"(?<!:)//": ("7 // 2", "no such operator there: floor(a / b)"),
    r"\bdiv\b": ("7 div 2", "no such operator here: floor(a / b)"),
    r"\\(?!n\s)": (r"'[\d]'", "a backslash stays here and is eaten there: [0-9], [.]"),
    r"\b(array_agg|list|collect_list|collect_set)\(": (
        "array_agg(x)", "keeps nulls and order here, drops both there: array_in_order",
    ),
    r"\b(string_agg|listagg|group_concat)\(": (
        "string_agg(x, ',')", "ordered in other words: joined_in_order",
    ),
    r"\b(avg|sum|stddev_samp|stddev)\([^()]* order by ": (
        "avg(x order by y)", "no order there: mean_in_order, deviation_in_order",
    ),
    r"\bdate_?add\(": ("dateadd(day, 1, t)", "cuts to seconds there: whole microseconds"),
    r"\bdate_?diff\(": ("datediff(day, a, b)", "counts boundaries or days: days_between"),
    r"\b(dayofweek|isodow|weekday|dow)\b": ("dayofweek(t)", "0 is Sunday here, 1 there"),
    r"\b(hash|xxhash64)\(": ("hash(x)", "each engine has its own: md5"),
    r"\b(epoch(_\w+)?|unix_\w+)\(": ("epoch_us(t)", "named differently: microseconds"),
    r"\b(try_)?(strptime|strftime|to_timestamp|date_format)\(": (
        "strptime(x, '%Y')", "formats are written differently: utc_timestamp",
    ),
    r"\b(isfinite|isinf|isnan)\(": ("isfinite(x)", "not on both engines: is_finite_value"),
    r"\bregexp_replace\(": ("regexp_replace(a, b, c)", "first match or all: replace_pattern"),
    r"\b(regexp_matches|regexp_like|rlike|regexp_full_match)\b": (
        "regexp_matches(a, b)", "named differently: matches",
    ),
    r"\[\[\]|\[\^\]?\[": ("'[^][]'", "a class within a class there: translate brackets"),
    r"\bover [a-z_]+ *- *[a-z]": (
        "lag(x) over w - x", "`w-x` is a name there: give the window's value a column",
    ),
    r"\bsimilar to\b": ("a similar to b", "here only: matches"),
    r"\b(string_split|str_split|regexp_split_to_array)\(": ("string_split(a, b)", "split"),
    r"\bconcat\(": ("concat(a, b)", "a null is skipped here and wins there: ||"),
    r"\b[lr]?trim\(": ("trim(x)", "all spaces of Unicode here, plain ones there: trim_spaces"),
    r"\b(starts_with|startswith|ends_with|endswith|prefix|suffix)\(": (
        "starts_with(a, b)", "named differently: left(a, 1) = b",
    ),
    r"\b(unnest|explode|posexplode)\(": ("unnest(x)", "named differently: each_value"),
    r"\b(len|array_length|cardinality|size|array_size)\(": (
        "cardinality(x)", "-1 for null there: count rows instead",
    ),
    r"\b(?!array_in_order|list_of\b)(list|array)_\w+\(": (
        "list_filter(x, y)", "named differently: macros/engines/arrays.sql",
    ),
    r"\b(?!rows?\b)\w+\[[0-9]+\]": ("tags[1]", "counted from 1 here, from 0 there: first_value_of"),
    r"\blambda\b|(?<!-)->": ("x -> x + 1", "written differently: macros/engines/arrays.sql"),
    r"\b(json_(extract\w*|type|valid|array\w*|value|object|keys)|from_json|get_json_object)\(": (
        "json_type(x)", "JSON is written differently: macros/engines/json.sql",
    ),
    r"/\s*[0-9]+\.[0-9]+(?![0-9e])": (
        "n / 100.0", "a decimal with few digits there: 100 or 1e2",
    ),
    r"\bcast\((?!round\(|floor\(|ceil\()[^()]*(/|[0-9]\.[0-9]|\bas double)[^()]*"
    r"\bas (integer|int|bigint)\)": (
        "cast(a / b as integer)", "rounds here, cuts there: floor or round first",
    ),
    r"(?-i:\bvarchar\b)": ("cast(x as varchar)", "needs a length there: string"),
    r"\b(approx_\w+|quantile\w*|reservoir_quantile)\(": ("approx_quantile(x)", "never equal"),
    r"\basof\b": ("a asof join b", "here only: a RANGE frame"),
    r"\*\s*(exclude|replace)\s*\(": ("select * exclude (x)", "here only: list the columns"),
    r"\bunion (all )?by name\b": ("a union by name b", "here only: list the columns"),
    r"\bignore nulls\b": ("lag(x ignore nulls)", "stands elsewhere there"),
    r"\bwith recursive\b": ("with recursive a as (", "keeps no set there: doubled_distances"),
    r"\bdistinct on\b": ("select distinct on (x) y", "here only: qualify"),
}  # fmt: skip
"""Form -> (an example of it, what is wrong and what to write)."""

PLAIN_SEPARATORS = {"','", "'/'", "' '", "';'", "':'"}
"""What split takes for itself on either engine: there it is a pattern."""


def portable_files() -> list[Path]:
    found = [
        path
        for folder in ("models", "macros", "tests/generic", "tests/invariants")
        for path in sorted((REPOSITORY / folder).rglob("*.sql"))
    ]
    return [path for path in found if ENGINES not in path.parents and name_of(path) not in EXEMPT]


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def code_of(text: str) -> str:
    """SQL and macro calls, without what is said about them."""
    return re.sub(r"(^|\s)--(\s[^\n]*|$)|\{#.*?#\}", " ", text, flags=re.S | re.M)


def calls(code: str, function: str) -> list[list[str]]:
    """The arguments of each call of a function, by the commas outside brackets and quotes."""
    found = []
    for call in re.finditer(rf"\b{function}\(", code):
        arguments, depth, quote = [""], 0, None
        for sign in code[call.end() :]:
            if quote:
                quote = None if sign == quote else quote
            elif sign in "'\"":
                quote = sign
            elif sign in "([{":
                depth += 1
            elif sign in ")]}":
                depth -= 1
                if depth < 0:
                    break
            elif sign == "," and not depth:
                arguments.append("")
                continue
            arguments[-1] += sign
        found.append([argument.strip() for argument in arguments])
    return found


def faults(text: str) -> list[str]:
    """What in a file the two engines would read differently."""
    code = code_of(text)
    found = [f"{form}: {why}" for form, (_, why) in BANNED.items() if re.search(form, code, re.I)]
    if any(len(arguments) < 3 for arguments in calls(code, "regexp_extract")):
        found.append("regexp_extract without a group: all of the match here, group 1 there")
    if any(arguments[-1] not in PLAIN_SEPARATORS for arguments in calls(code, "split")):
        found.append("split at more than one plain sign: a text here, a pattern there")
    bare = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", code, flags=re.S)
    if '"' in re.sub(r"'[^'\n]*'", "''", bare):
        found.append("double quotes: a name here, a text there")
    return found


@pytest.mark.parametrize("path", portable_files(), ids=name_of)
def test_nothing_is_read_differently_by_the_two_engines(path):
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("form", BANNED, ids=[example for example, _ in BANNED.values()])
def test_a_form_that_is_not_portable_is_found(form):
    example, why = BANNED[form]
    assert f"{form}: {why}" in faults(f"select {example} from t")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select regexp_extract(x, '([a-z])')", "regexp_extract"),
        ("select split(x, '[.]')", "split"),
        ("select split(x, '.')", "split"),
        ('select "order" from t', "double quotes"),
    ],
)
def test_a_call_that_is_not_portable_is_found(sql, told):
    [fault] = faults(sql)
    assert fault.startswith(told)


@pytest.mark.parametrize(
    "sql",
    [
        "select split(x, ','), regexp_extract(x, '([a-z]),', 1) -- trim(x)",
        "select cast(floor(a / b) as bigint), cast(round(c * 1.5) as integer)",
        "select '{{ trim_spaces(\"x\") }}', ln(1 + x), log10(x), {# log(x) #} a || b",
        "select 'https://huggingface.co', array_position, catalog(x), n / 100",
    ],
)
def test_a_portable_form_is_let_pass(sql):
    assert faults(sql) == []


def test_every_exemption_is_needed():
    """A file that holds nothing of the kind any more is held to the rules."""
    needless = [
        name for name in EXEMPT if not faults((REPOSITORY / name).read_text(encoding="utf-8"))
    ]
    assert needless == []


def macros_of(path: Path) -> dict[str, str]:
    """The macros of a file with their arguments."""
    return dict(re.findall(r"\{%-? *macro (\w+)\((.*?)\)", path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", sorted(ENGINES.glob("*.sql")), ids=name_of)
def test_a_dispatched_macro_has_a_body_for_each_engine(path):
    found = macros_of(path)
    dispatched = re.findall(r"adapter\.dispatch\('(\w+)', 'hub_lineage'\)", path.read_text("utf-8"))
    for macro in dispatched:
        arguments = found[macro].replace("=none", "")
        assert (found[f"duckdb__{macro}"], found[f"spark__{macro}"]) == (arguments, arguments)
    bodies = {BODY.match(name)[2] for name in found if BODY.match(name)}
    # These have a body for DuckDB in dbt itself.
    assert bodies - {"get_empty_schema_sql", "load_csv_rows"} == set(dispatched)


ASKS_FOR_ENGINE = re.compile(r"\btarget\.type\b|\btarget\.name in\b|\b(duckdb|spark)__\w+\(")


def asks_for_engine(path: Path) -> bool:
    return bool(ASKS_FOR_ENGINE.search(path.read_text(encoding="utf-8")))


def test_only_the_macros_of_engines_ask_which_engine_runs():
    folders = (
        "models",
        "macros",
        "seeds",
        "tests/generic",
        "tests/invariants",
        "analysis/questions",
    )
    files = [path for folder in folders for path in (REPOSITORY / folder).rglob("*.*")]
    files += [REPOSITORY / "dbt_project.yml", REPOSITORY / ".sqlfluff"]
    asking = [
        name_of(path)
        for path in files
        if path.suffix in {".sql", ".yml", ".md", ""}
        if ENGINES not in path.parents and asks_for_engine(path)
    ]
    assert asking == []


def test_a_question_for_the_engine_is_found(tmp_path):
    for text in ("{% if target.type == 'spark' %}", "{{ config(enabled=spark__x()) }}"):
        (tmp_path / "model.sql").write_text(text)
        assert asks_for_engine(tmp_path / "model.sql")
