"""How the mail servers of common providers are reached, so that nobody has to look it up."""

from __future__ import annotations

from typing import Final, NamedTuple


class Provider(NamedTuple):
    """A provider, and its server for sending. What to do there first is said by `desk.provider.<key>`."""

    key: str
    name: str
    server: str
    port: int
    encryption: str


# Zoho: the server for businesses, whose addresses are of a domain of their own. IONOS and Zoho have servers by country.
_PROVIDERS: Final = (
    Provider("gmail", "Gmail, Google Workspace", "smtp.gmail.com", 587, "starttls"),
    Provider("microsoft", "Microsoft 365", "smtp.office365.com", 587, "starttls"),
    Provider("ionos", "IONOS", "smtp.ionos.com", 465, "tls"),
    Provider("ovh", "OVHcloud", "ssl0.ovh.net", 465, "tls"),
    Provider("zoho", "Zoho Mail", "smtppro.zoho.com", 465, "tls"),
)
_IONOS: Final = {"DE": "de", "ES": "es", "FR": "fr", "GB": "co.uk", "IT": "it", "AT": "de"}
_IN_THE_UNION: Final = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip


def providers(country: str) -> tuple[Provider, ...]:
    """The providers, with the servers they have for businesses of a country."""
    theirs = {"ionos": f"smtp.ionos.{_IONOS.get(country, 'com')}"}
    if country in _IN_THE_UNION:
        theirs["zoho"] = "smtppro.zoho.eu"
    return tuple(one._replace(server=theirs.get(one.key, one.server)) for one in _PROVIDERS)


def provider_of(server: str, country: str) -> str:
    """The key of the provider whose server this is, empty when it is another's."""
    return next((one.key for one in providers(country) if one.server == server.lower()), "")
