"""`amable configure`: who is owed, by which procedure and words, and how messages leave by themselves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import time
from pathlib import Path

from amable.cli import speaking
from amable.cli.run import (
    checked_procedure,
    creditor_of,
    gap_in_words,
    procedure_of,
    text_of,
    wording_files,
    wordings_of,
)
from amable.cli.sending import folder_of
from amable.cli.speaking import RefusedError, language
from amable.cli.workplace import meant, working_in
from amable.core import mailbox, wording
from amable.core.languages import say
from amable.core.procedure_check import stages
from amable.dunning.starters import shipped
from amable.plugs.channel import Reach
from amable.plugs.loading import channels
from amable.server import instance


def command(arguments: argparse.Namespace) -> int:
    """Check everything that is given, then keep it, or refuse and change nothing."""
    described = creditor_of(arguments.creditor)
    box = mailbox_of(arguments.mailbox)
    facts = _facts(arguments)
    rules = text_of(arguments.procedure) if arguments.procedure else ""
    if arguments.procedure:
        procedure_of(arguments.procedure)
    library = wordings_of(arguments.wordings)
    folder = folder_of(arguments)
    with working_in(folder, beside_others=True):
        from amable.correspondence import wordings  # noqa: PLC0415 - once the database is chosen
        from amable.dunning import actions, procedures, setting_up  # noqa: PLC0415
        from amable.organisation.actions import install  # noqa: PLC0415
        from amable.organisation.models import Sending  # noqa: PLC0415
        from amable.organisation.tenancy import acting_for  # noqa: PLC0415

        known = meant(arguments.creditor_ref)
        if known is None and described is None:
            raise RefusedError("no_creditor")
        if described is not None and known is not None:
            from amable.cli.run import not_another  # noqa: PLC0415

            not_another(known, described)
        creditor = install(described, placeholder=False, known=known) if described else known
        if creditor is None or creditor.placeholder:
            raise RefusedError("no_creditor")
        with acting_for(creditor):
            sending = Sending.objects.filter(creditor=creditor).first()
            text = rules or ("" if sending else actions.procedure_last_used(creditor) or shipped())
            if text:
                found = checked_procedure(text, "procedure")
                lacking = wording.gaps(stages(found), library)
                if lacking:
                    raise RefusedError("wordings_lacking", details=tuple(map(gap_in_words, lacking)))
                facts["procedure"] = actions.remember_procedure(creditor, text)
                if sending is not None and sending.procedure != facts["procedure"]:
                    procedures.make_version(creditor, text, found.name, now=speaking.now(), by="")
            if sending is None:
                sending = setting_up.begin(
                    creditor,
                    text,
                    speaking.today_in(creditor.timezone),
                    speaking.now(),
                    instance=instance.instance(folder),
                    written=lambda path: (folder / path).exists(),
                )
            if box is not None:
                facts |= {
                    "server": box.server, "port": box.port, "encryption": box.encryption, "user": box.user,
                    "password_from": box.password, "authority": box.authority, "per_minute": box.per_minute,
                    "per_minute_and_domain": box.per_minute_and_domain, "connections": box.connections,
                    "resting_until": None, "rests": 0,
                }  # fmt: skip
            for name, value in facts.items():
                setattr(sending, name, value)
            sending.save()
            if arguments.wordings:
                paths = wording_files(arguments.wordings)
                texts = {str(path.relative_to(arguments.wordings)): text_of(path) for path in paths}
                saving = wordings.Saving(speaking.today_in(creditor.timezone), speaking.now(), "")
                wordings.replace_all(creditor, texts, saving)
        print(say("sending.configured", language(), creditor=creditor.name, folder=folder))
        if not sending.server:
            print(say("sending.no_mailbox_yet", language()))
    return 0


def mailbox_of(path: Path | None) -> mailbox.Mailbox | None:
    """The mailbox of a file; refuses it with everything that is wrong, in words."""
    if path is None:
        return None
    try:
        return mailbox.read(text_of(path))
    except mailbox.MailboxError as error:
        raise RefusedError("mailbox_unusable", file=path, details=_details(error.problems)) from error


def _details(problems: Sequence[mailbox.Problem]) -> tuple[str, ...]:
    spoken = language()
    return tuple(
        say("cli.line", spoken, line=p.line, sentence=say(f"mailbox.{p.rule}", spoken, **p.params)) for p in problems
    )


def _facts(arguments: argparse.Namespace) -> dict[str, object]:
    """The settings given as options; what is not given stays as it is."""
    facts: dict[str, object] = {}
    if arguments.plan_at:
        try:
            facts["plan_at"] = time.fromisoformat(arguments.plan_at)
        except ValueError as error:
            raise RefusedError("plan_at", value=arguments.plan_at) from error
    for name in ("undo_minutes", "daily_cap"):
        number = getattr(arguments, name)
        if number is not None:
            if number < 0:
                raise RefusedError("negative", value=number)
            facts[name] = number
    if arguments.test_to is not None:
        if arguments.test_to and not channels()["email"].reaches(Reach(email=arguments.test_to)):
            raise RefusedError("no_address", value=arguments.test_to)
        facts["test_to"] = arguments.test_to
    if arguments.heartbeat is not None:
        if arguments.heartbeat and not arguments.heartbeat.startswith(("https://", "http://")):
            raise RefusedError("no_web_address", value=arguments.heartbeat)
        facts["heartbeat"] = arguments.heartbeat
    return facts
