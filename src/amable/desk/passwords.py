"""What a password may not be: short, common, or like the person it belongs to."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    UserAttributeSimilarityValidator,
)

from amable.desk.spoken import here_and_now


class LongEnough(MinimumLengthValidator):
    """Length is what makes a password hard to guess; we ask for nothing else."""

    def get_error_message(self) -> str:
        return here_and_now("desk.account.wrong_short", n=self.min_length)


class NotCommon(CommonPasswordValidator):
    """The twenty thousand that are tried first."""

    def get_error_message(self) -> str:
        return here_and_now("desk.account.wrong_common")


class NotLikeThePerson(UserAttributeSimilarityValidator):
    """What anybody knows of a person is what others try."""

    def __init__(self, **options: Any) -> None:
        super().__init__(user_attributes=("name", "email"), **options)

    def get_error_message(self) -> str:
        return here_and_now("desk.account.wrong_alike")
