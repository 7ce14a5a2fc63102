"""Types of the schemas of ``pet_schemas``, written by ``framework types pet_schemas``: do not edit."""

# fmt: off

import datetime
import decimal
import ipaddress
import typing as t

if t.TYPE_CHECKING:
    import pet_schemas


class OwnerPetsPreviousLoad(t.TypedDict):
    """The values that ``OwnerSchema`` loads."""

    name: str


class CatLoad(t.TypedDict):
    """The values that ``CatSchema`` loads."""

    kind: t.Literal['cat']
    lives: int


class DogLoad(t.TypedDict):
    """The values that ``DogSchema`` loads."""

    kind: t.Literal['dog']
    tricks: list[str]


class OwnerPetsLoad(t.TypedDict):
    """The values that ``PetSchema`` loads."""

    name: str
    size: t.Literal['small', 'large']
    kind: 'pet_schemas.Kind'
    kind_value: 'pet_schemas.Kind | None'
    born_at: t.NotRequired[datetime.datetime]
    weight: decimal.Decimal | None
    price: t.NotRequired[decimal.Decimal]
    address: t.NotRequired[ipaddress.IPv4Address | ipaddress.IPv6Address]
    age: t.NotRequired[datetime.timedelta]
    previous: t.NotRequired[list[OwnerPetsPreviousLoad]]
    owner_names: t.NotRequired[list[OwnerPetsPreviousLoad]]
    notes: t.NotRequired[dict[str, int | None]]
    place: t.NotRequired[tuple[float, float]]
    tags: t.NotRequired[list[str]]
    anything: t.NotRequired[t.Any]
    version: t.Literal[1]
    other: t.NotRequired[CatLoad | DogLoad]


class OwnerLoad(t.TypedDict):
    """The values that ``OwnerSchema`` loads."""

    name: str
    since: t.NotRequired[datetime.date | None]
    password: str
    pets: t.NotRequired[list[OwnerPetsLoad]]
    friend: t.NotRequired['OwnerLoad | None']


class OwnerPetsPreviousDump(t.TypedDict):
    """The values that ``OwnerSchema`` dumps."""

    name: str


class CatDump(t.TypedDict):
    """The values that ``CatSchema`` dumps."""

    kind: t.Literal['cat']
    lives: t.NotRequired[int]


class DogDump(t.TypedDict):
    """The values that ``DogSchema`` dumps."""

    kind: t.Literal['dog']
    tricks: list[str]


class OwnerPetsDump(t.TypedDict):
    """The values that ``PetSchema`` dumps."""

    id: str
    name: str
    size: t.Literal['small', 'large']
    kind: t.Literal['CAT', 'DOG']
    kind_value: t.NotRequired[t.Literal['cat', 'dog'] | None]
    bornAt: t.NotRequired[str]
    stamp: t.NotRequired[float]
    weight: t.NotRequired[decimal.Decimal | None]
    price: t.NotRequired[str]
    address: t.NotRequired[str]
    age: t.NotRequired[float]
    previous: t.NotRequired[list[OwnerPetsPreviousDump]]
    owner_names: t.NotRequired[list[str]]
    notes: t.NotRequired[dict[str, int | None]]
    place: t.NotRequired[tuple[float, float]]
    tags: t.NotRequired[str]
    anything: t.NotRequired[t.Any]
    label: t.Any
    short: t.NotRequired[t.Any]
    version: t.Literal[1]
    other: t.NotRequired[CatDump | DogDump]


class OwnerDump(t.TypedDict):
    """The values that ``OwnerSchema`` dumps."""

    name: str
    since: t.NotRequired[str | None]
    pets: t.NotRequired[list[OwnerPetsDump]]
    friend: t.NotRequired['OwnerDump | None']


class PetLoad(t.TypedDict):
    """The values that ``PetSchema`` loads."""

    name: str
    size: t.Literal['small', 'large']
    kind: 'pet_schemas.Kind'
    kind_value: 'pet_schemas.Kind | None'
    born_at: t.NotRequired[datetime.datetime]
    weight: decimal.Decimal | None
    price: t.NotRequired[decimal.Decimal]
    address: t.NotRequired[ipaddress.IPv4Address | ipaddress.IPv6Address]
    age: t.NotRequired[datetime.timedelta]
    owner: OwnerLoad
    previous: t.NotRequired[list[OwnerPetsPreviousLoad]]
    owner_names: t.NotRequired[list[OwnerPetsPreviousLoad]]
    notes: t.NotRequired[dict[str, int | None]]
    place: t.NotRequired[tuple[float, float]]
    tags: t.NotRequired[list[str]]
    anything: t.NotRequired[t.Any]
    version: t.Literal[1]
    other: t.NotRequired[CatLoad | DogLoad]


class PetDump(t.TypedDict):
    """The values that ``PetSchema`` dumps."""

    id: str
    name: str
    size: t.Literal['small', 'large']
    kind: t.Literal['CAT', 'DOG']
    kind_value: t.NotRequired[t.Literal['cat', 'dog'] | None]
    bornAt: t.NotRequired[str]
    stamp: t.NotRequired[float]
    weight: t.NotRequired[decimal.Decimal | None]
    price: t.NotRequired[str]
    address: t.NotRequired[str]
    age: t.NotRequired[float]
    owner: OwnerDump
    previous: t.NotRequired[list[OwnerPetsPreviousDump]]
    owner_names: t.NotRequired[list[str]]
    notes: t.NotRequired[dict[str, int | None]]
    place: t.NotRequired[tuple[float, float]]
    tags: t.NotRequired[str]
    anything: t.NotRequired[t.Any]
    label: t.Any
    short: t.NotRequired[t.Any]
    version: t.Literal[1]
    other: t.NotRequired[CatDump | DogDump]


# The values that ``HeaderSchema`` loads.
HeaderLoad = t.TypedDict("HeaderLoad", {
    'request_id': str,
    'from': str,
})


# The values that ``HeaderSchema`` dumps.
HeaderDump = t.TypedDict("HeaderDump", {
    'X-Request-ID': str,
    'from': t.NotRequired[str],
})


class PartialPetLoad(t.TypedDict):
    """The values that ``PetSchema`` loads."""

    name: t.NotRequired[str]
    size: t.NotRequired[t.Literal['small', 'large']]


class PartialLoad(t.TypedDict):
    """The values that ``PartialSchema`` loads, before its hooks change it."""

    pet: t.NotRequired[PartialPetLoad]
    flag: t.NotRequired[bool]


class PartialPetDump(t.TypedDict):
    """The values that ``PetSchema`` dumps."""

    name: str
    size: t.Literal['small', 'large']


class PartialDump(t.TypedDict):
    """The values that ``PartialSchema`` dumps."""

    pet: t.NotRequired[PartialPetDump]
    flag: t.NotRequired[bool]


class OutputDump(t.TypedDict):
    """The values that ``OutputSchema`` dumps."""

    number: t.NotRequired[int]
