"""What requests and answers look like."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

#: The most that may be asked for, or named, in one request.
MOST = 1000
MOST_EVENTS = 10_000

# Labels are texts, or integers that 64 bits hold.
_Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]
_Integer = Annotated[StrictInt, Field(ge=-(2**63), lt=2**64)]
Label = _Text | _Integer
Labels = Annotated[list[Label], Field(max_length=MOST)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]
Count = Annotated[int, Field(ge=1, le=MOST, description="how many at most")]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-3e38, le=3e38)]
Unknown = Annotated[
    Literal["raise", "skip"], Field(description="what to do about labels that the model does not know")
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Recommend(_Request):
    """Whom to recommend to."""

    users: Annotated[list[Label], Field(min_length=1, max_length=MOST)]
    n: Count = 10
    filter_liked: Annotated[bool, Field(description="leave out what they have")] = True
    items: Annotated[Labels | None, Field(description="recommend only these")] = None
    exclude: Annotated[Labels | None, Field(description="leave these out")] = None
    min_score: Annotated[Number | None, Field(description="leave out what scores less")] = None
    unknown: Unknown = "raise"


class RecommendFor(_Request):
    """What somebody likes whom the model need not know, and what is known of them."""

    items: Annotated[
        Annotated[dict[Text, Number], Field(max_length=MOST)] | Labels | None,
        Field(description="what they like: how much by label, or labels that weigh 1 each"),
    ] = None
    features: Annotated[
        Annotated[dict[str, Any], Field(max_length=MOST)] | None,
        Field(description="of a model that was fitted with features of users: values by column"),
    ] = None
    n: Count = 10
    filter_liked: bool = True
    exclude: Labels | None = None
    min_score: Number | None = None
    unknown: Unknown = "raise"


class Event(_Request):
    """Who did what, how much, when, and of which kind."""

    user: Label
    item: Label
    weight: Annotated[Number, Field(description="in the units of the data")] = 1.0
    time: Annotated[
        Number | Text | None, Field(description="as the times of the data are written; by default now")
    ] = None
    kind: Annotated[Label | bool | None, Field(description="of data with kinds")] = None


class Events(_Request):
    """What happened."""

    events: Annotated[list[Event], Field(min_length=1, max_length=MOST_EVENTS)]


class ScoredItem(BaseModel):
    """An item and how good it is."""

    item: Label
    score: float
    name: str | None = None


class Items(BaseModel):
    """Items, best first."""

    items: list[ScoredItem]


class UserItems(Items):
    """Items for a user."""

    user: Label


class Lists(BaseModel):
    """Items for several users, in the order in which they were asked for."""

    lists: list[UserItems]


class SimilarItems(Items):
    """Items like another, and how alike they are."""

    item: Label


class ScoredUser(BaseModel):
    """A user and how alike."""

    user: Label
    score: float


class SimilarUsers(BaseModel):
    """Users like another."""

    user: Label
    users: list[ScoredUser]


class Reason(BaseModel):
    """An item that speaks for another, how much the user has of it, and its part of the score."""

    item: Label
    weight: float
    contribution: float
    name: str | None = None


class Reasons(BaseModel):
    """What of a user's speaks for an item."""

    user: Label
    item: Label
    items: list[Reason]


class OwnItem(BaseModel):
    """An item that a user has, and how much of it."""

    item: Label
    weight: float
    name: str | None = None


class History(BaseModel):
    """What a user has."""

    user: Label
    items: list[OwnItem]


class Taken(BaseModel):
    """What has been taken in, and how many the model knows now."""

    events: int
    users: int
    items: int


class Health(BaseModel):
    """What the service works with."""

    status: Literal["ok", "old"]
    model: str
    users: int
    items: int
    entries: int
    events: int
    written: float
    problem: str | None


class Refusal(BaseModel):
    """Why there is no answer, and which field of the request it is about."""

    error: str
    field: str | None
