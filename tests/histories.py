"""Random histories of a small Hub: everything that may happen to a repository between two weeks."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from support import item

FIRST_WEEK = datetime(2025, 1, 6)
WEEK = timedelta(days=7)
OWNERS = ("lab", "kid", "Org")


class Hub:
    """A Hub that lives on week by week, by the dice of one seed."""

    def __init__(self, seed: int, n_models: int = 24) -> None:
        self.dice = random.Random(seed)
        self.now = FIRST_WEEK - WEEK
        self.n_made = 0
        self.listed: list[dict] = []
        self.away: list[dict] = []
        self.names_left: list[str] = []
        for _ in range(n_models):
            self.make()

    def make(self, name: str | None = None) -> None:
        """A new repository, sometimes under a name that another one has left."""
        self.n_made += 1
        dice = self.dice
        if name is None and self.names_left and dice.random() < 0.4:
            name = dice.choice(self.names_left)
        name = name or f"{dice.choice(OWNERS)}/model-{self.n_made}"
        if name.lower() in {model["name"].lower() for model in self.listed}:
            return
        made_at = self.now - timedelta(days=dice.choice((0, 1, 3, 40, 400)))
        self.listed.append(
            {
                "oid": f"{self.n_made:024x}",
                "name": name,
                "created_at": None if dice.random() < 0.05 else made_at,
                "downloads": dice.randrange(100),
                "downloads_all_time": dice.randrange(1000),
                "likes": dice.randrange(9),
                "commit": 0,
                "claims": self.claims(),
            }
        )

    def claims(self) -> dict:
        """What a model may say of its parents: by tag, card, or the Hub's word with an id."""
        if not self.listed or self.dice.random() < 0.3:
            return {}
        parent = self.dice.choice(self.listed)
        name = self.dice.choice([parent["name"], parent["name"].upper(), *self.names_left[-2:]])
        said: dict = {}
        if self.dice.random() < 0.5:
            said["parents"] = [name]
            said["relation"] = self.dice.choice((None, "finetune", "adapter"))
        if self.dice.random() < 0.5:
            said["declared"] = self.dice.choice((name, [name, "lab/model-1"], "None", "short-name"))
        if self.dice.random() < 0.3:
            said["baseModels"] = {"models": [{"_id": parent["oid"], "id": name}]}
        return said

    def leave(self, model: dict) -> None:
        self.listed.remove(model)
        self.names_left.append(model["name"])

    def live(self) -> None:
        """One week: most counters move, a few models say something new, some come, go, return."""
        self.now += WEEK
        dice = self.dice
        for model in list(self.listed):
            model["downloads"] = max(model["downloads"] + dice.randrange(-5, 9), 0)
            model["downloads_all_time"] += dice.choice((0, 0, 5, 20, -7))
            model["likes"] = max(model["likes"] + dice.choice((0, 0, 0, 1, -1)), 0)
            event = dice.random()
            if event < 0.06:
                model["commit"] += 1
            elif event < 0.12:
                model["claims"] = self.claims()
            elif event < 0.16:
                self.names_left.append(model["name"])
                model["name"] = f"{dice.choice(OWNERS)}/model-{self.n_made}-of-{model['oid'][-2:]}"
            elif event < 0.18:
                model["name"] = model["name"].swapcase()
            elif event < 0.22:
                self.leave(model)
                self.away.append(model)
            elif event < 0.25:
                self.leave(model)
                self.make(model["name"])
            elif event < 0.27:
                other = dice.choice(self.listed)
                model["name"], other["name"] = other["name"], model["name"]
        for model in [model for model in self.away if dice.random() < 0.3]:
            taken = {other["name"].lower() for other in self.listed}
            if model["name"].lower() not in taken:
                self.away.remove(model)
                self.listed.append(model)
        for _ in range(dice.randrange(3)):
            self.make()

    def items(self, share_named: float = 1.0) -> list:
        """The week's listing; only a share of the models has the Hub's immutable id."""
        listing: list = []
        for model in self.listed:
            claims = dict(model["claims"])
            made = item(
                model["name"],
                model["created_at"],
                claims.pop("parents", ()),
                claims.pop("relation", None),
                downloads=model["downloads"],
                downloadsAllTime=model["downloads_all_time"],
                likes=None if self.dice.random() < 0.05 else model["likes"],
                lastModified=f"2025-01-{1 + model['commit'] % 28:02}T00:00:00.000Z",
                **claims,
            )
            made["_id"] = model["oid"]
            if self.dice.random() >= share_named:
                del made["_id"]
            listing.append(made)
        # A page that was fetched twice, what is private, what is no model, and what is cut off.
        listing.append(dict(self.dice.choice(listing), likes=99))
        listing.append(dict(item("lab/secret"), private=True))
        listing.append(item("datasets/squad"))
        listing.append('{"id": "lab/cut-o')
        return listing


def weeks(seed: int, n_weeks: int) -> Iterator[tuple[datetime, list]]:
    """The weeks of a history; a week in five is missing, and some sources have no immutable ids."""
    hub = Hub(seed)
    while n_weeks:
        hub.live()
        if hub.dice.random() < 0.2:
            continue
        share_named = hub.dice.choice((1.0, 1.0, 1.0, 0.0, 0.8)) if seed % 2 else 1.0
        yield hub.now, hub.items(share_named)
        n_weeks -= 1
