"""Second factors as rows keep them: what an app's codes and the recovery codes are made from stands there sealed.

allauth asks its adapter for both directions and knows nothing of keys. Its public keys of passkeys are no secrets.
"""

from __future__ import annotations

from typing import Final

from allauth.mfa.models import Authenticator

from amable.organisation import sealed

_SEALED: Final = "sealed:"  # what stands without it was written before secrets were
_SECRETS: Final = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


def kept(secret: str) -> str:
    """The secret as its row keeps it."""
    return _SEALED + sealed.seal(secret)


def opened(value: str) -> str:
    """The secret of what a row keeps. Raises `sealed.UnreadableError` under another key; never an empty one."""
    return sealed.unseal(value.removeprefix(_SEALED)) if value.startswith(_SEALED) else value


def seal_earlier() -> int:
    """Seal what was written before secrets were; how many that was. A process at work does it when it begins."""
    count = 0
    for row in Authenticator.objects.filter(type__in=_SECRETS).select_related("user"):
        name = _SECRETS[row.type]
        if not row.data[name].startswith(_SEALED):
            row.data[name] = kept(row.data[name])
            row.save(update_fields=("data",))
            count += 1
    return count


def any_sealed() -> bool:
    """Whether somebody's second factor needs the key of this installation."""
    return bool(Authenticator.objects.filter(type__in=_SECRETS).exists())


def unreadable() -> list[str]:
    """The addresses of those whose second factor the key of this installation does not open."""
    found = []
    for row in Authenticator.objects.filter(type__in=_SECRETS).select_related("user").order_by("user__email"):
        try:
            opened(row.data[_SECRETS[row.type]])
        except sealed.UnreadableError:
            found.append(row.user.email)
    return list(dict.fromkeys(found))
