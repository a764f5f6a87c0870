"""Values for a message in English, and every branch its wording can take."""

from __future__ import annotations

from amable.core.examples import branches, facts, values

__all__ = ["VALUES", "branches", "facts"]

VALUES: dict[str, object] = values("en")
