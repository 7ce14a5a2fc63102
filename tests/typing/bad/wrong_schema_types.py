"""What the types that ``framework types`` writes refuse."""

from pet_schema_types import HeaderLoad, OwnerLoad, PetDump, PetLoad


def wrong(headers: HeaderLoad, pet: PetLoad, owner: OwnerLoad, sent: PetDump) -> None:
    headers["X-Request-ID"]  # error: typeddict-item | GeneralTypeIssues
    pet["id"]  # error: typeddict-item | GeneralTypeIssues
    pet["size"] = "huge"  # error: typeddict-item | GeneralTypeIssues
    pet["owner"]["pets"] = [owner]  # error: list-item | GeneralTypeIssues
    owner["name"].year  # error: attr-defined | AttributeAccessIssue UnknownMemberType
    sent["id"] = 1  # error: typeddict-item | GeneralTypeIssues
