"""Pins are exact and carry hashes; nothing under a GPL is needed to run the project."""

import re

import pytest

from hub_lineage import licences
from support import REPOSITORY

LOCKS = sorted(REPOSITORY.glob("requirements/*.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_pin_is_exact_and_has_hashes(lock):
    text = lock.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert len(entries) > 5
    for entry in entries:
        assert re.match(r"[\w.\[\],-]+==\S+ ", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry
    options = {line.split("=")[0].strip() for line in text.splitlines() if "--" in line}
    assert options == {"--hash"}


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("GPL-3.0-only", True),
        ("GNU General Public License v3 or later (GPLv3+)", True),
        ("AGPL-3.0", True),
        ("GPL-2.0-only AND MIT", True),
        ("MIT OR GPL-2.0-only", False),
        ("Artistic License or GNU General Public License (GPL)", False),
        ("LGPL-3.0-or-later", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("Apache-2.0", False),
        ("not said", False),
    ],
)
def test_what_counts_as_a_gpl_alone(licence, expected):
    assert licences.is_gpl_alone(licence) is expected


def test_a_package_belongs_to_the_groups_that_need_it():
    project = {
        "project": {
            "name": "own",
            "dependencies": ["Builder[all]>=1"],
            "optional-dependencies": {"studies": ["estimator>=2,<3"], "report": ["own[studies]"]},
        },
        "dependency-groups": {"checks": ["checker"]},
    }
    lock = "".join(
        f"{name}==1.0 \\\n    --hash=sha256:{'0' * 64}\n    # via {askers}\n"
        for name, askers in {
            "builder": "hub-lineage (pyproject.toml)",
            "checker": "hub-lineage (pyproject.toml:checks)",
            "estimator": "hub-lineage (pyproject.toml)",
            "for-both": "checker, estimator",
            "for_checks": "checker",
            "deep.one": "for-both",
        }.items()
    )
    assert licences.groups_of_packages(project, lock) == {
        "builder": {"build"},
        "checker": {"checks"},
        "estimator": {"studies", "report"},
        "for-both": {"checks", "studies", "report"},
        "for-checks": {"checks"},
        "deep-one": {"checks", "studies", "report"},
    }


def test_the_checks_alone_need_packages_under_a_gpl(capsys):
    assert licences.main() == 0
    said = capsys.readouterr()
    assert said.err == ""
    listed = {line.split()[0]: line for line in said.out.splitlines()}
    assert {"duckdb", "dbt-core", "pandas", "cdindex"} <= listed.keys()
    assert re.search(r"cdindex .*GPL.* checks$", listed["cdindex"])


def test_a_gpl_that_others_need_is_told(monkeypatch, capsys):
    monkeypatch.setattr(licences, "licence_of", lambda distribution: "GPL-3.0-only")
    assert licences.main() == 1
    assert "error: duckdb is under GPL-3.0-only" in capsys.readouterr().err


def test_each_group_takes_its_versions_from_one_resolution():
    every = pins("checks")
    for group in ("build", "studies", "report", "publish"):
        assert pins(group).items() <= every.items()
    assert pins("build").items() <= pins("studies").items()
    assert pins("studies").items() <= pins("report").items()


def pins(group):
    text = (REPOSITORY / "requirements" / f"{group}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[\S*\])?==(\S+)", text, re.M))
