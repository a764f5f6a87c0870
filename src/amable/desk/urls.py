"""Which address of the desk shows what. Each route below a creditor says what it asks for (see `door`)."""

from __future__ import annotations

from django.urls import path

from amable.desk import entering, money, payments, today
from amable.desk.door import at
from amable.organisation.roles import May

app_name = "desk"

urlpatterns = [
    path("", entering.home, name="home"),
    path("enter/<int:number>/<str:token>", entering.enter, name="enter"),
    # today
    at("today", today.page, "today"),
    # customers and items
    # messages
    # procedures
    # wordings
    # money
    at("money", money.page, "money"),
    at("money/statements", money.statements, "statements"),
    at("money/lines/<int:line>", money.line, "line"),
    at("money/lines/<int:line>/items", money.items, "line_items"),
    at("money/lines/<int:line>/book", money.book, "line_book", may=May.RUN, reads=False, writes=True),
    at("money/lines/<int:line>/confirm", money.confirm, "line_confirm", may=May.RUN, reads=False, writes=True),
    at("money/lines/<int:line>/leave", money.leave, "line_leave", may=May.RUN, reads=False, writes=True),
    at("money/lines/<int:line>/take-back", money.take_back, "line_take_back", may=May.RUN, reads=False, writes=True),
    at("money/lines/<int:line>/whose", money.whose, "line_whose", may=May.RUN, reads=False, writes=True),
    at("money/lines/<int:line>/undo", money.undo, "line_undo", may=May.RUN, reads=False, writes=True),
    at("money/accounts/<int:account>/forget", money.forget, "account_forget", may=May.RUN, reads=False, writes=True),
    at("money/payments", payments.page, "payments"),
    at("money/payments.csv", payments.export, "payments_export"),
    at("money/payments/new", payments.new, "payment_new", may=May.RUN),
    at("money/payments/new/<int:customer>", payments.record, "payment_record", may=May.RUN, writes=True),
    at("money/payments/<int:payment>", payments.payment, "payment"),
    at("money/payments/<int:payment>/apply", payments.apply, "payment_apply", may=May.RUN, reads=False, writes=True),
    at(
        "money/payments/<int:payment>/release",
        payments.release,
        "payment_release",
        may=May.RUN,
        reads=False,
        writes=True,
    ),
    at("money/payments/<int:payment>/remove", payments.remove, "payment_remove", may=May.RUN, reads=False, writes=True),
    # overview
    # files
    # settings
]
