"""What opens a mailbox is unreadable without our keys, and keys can change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.outreach.seals import Seals, Secrets, new_key
from scoring.errors import InvalidInput
from tests.builders import a_mailbox

OLD, NEW = new_key(), new_key()
SECRETS = Secrets(password="correct horse", refresh_token="1//long-lived")


@given(st.text(max_size=200))
def test_what_was_sealed_opens_again_and_cannot_be_read_meanwhile(password: str) -> None:
    seals, secrets = Seals([NEW]), Secrets(password=password, client_secret="battery staple")

    sealed = seals.seal("Dana@us.test", secrets)

    assert seals.open(a_mailbox("dana@us.test", sealed=sealed)) == secrets
    assert "battery" not in sealed
    assert sealed != seals.seal("dana@us.test", secrets)


def test_a_new_key_opens_nothing_old_until_everything_was_sealed_anew() -> None:
    box = a_mailbox(sealed=Seals([OLD]).seal("dana@us.test", SECRETS))
    both = Seals([NEW, OLD])

    renewed = replace(box, sealed=both.renewed(box))

    assert both.open(box) == both.open(renewed) == Seals([NEW]).open(renewed) == SECRETS
    with pytest.raises(InvalidInput, match="Put that key back"):
        Seals([NEW]).open(box)
    with pytest.raises(InvalidInput, match="Put that key back"):
        Seals([OLD]).open(renewed)


def test_secrets_that_were_moved_to_another_mailbox_open_nothing() -> None:
    moved = a_mailbox("ben@us.test", sealed=Seals([NEW]).seal("dana@us.test", SECRETS))

    with pytest.raises(InvalidInput, match=r"ben@us\.test"):
        Seals([NEW]).open(moved)


@pytest.mark.parametrize("sealed", ["", "gAAAA", "ü", "correct horse"])
def test_anything_else_opens_nothing_and_is_not_shown(sealed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Seals([NEW]).open(a_mailbox(sealed=sealed))

    assert not sealed or sealed not in str(refused.value)


def test_without_a_key_nothing_is_kept_and_a_bad_key_is_named_by_its_place() -> None:
    with pytest.raises(InvalidInput, match="lookout mailbox key"):
        Seals([]).seal("dana@us.test", SECRETS)
    with pytest.raises(InvalidInput, match="key 2 is no key") as refused:
        Seals([NEW, "hunter2"])

    assert "hunter2" not in str(refused.value)


def test_secrets_do_not_print() -> None:
    assert repr(SECRETS) == "Secrets()"
