"""An address is one mailbox of one person, or it is refused; nothing in between."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.addresses import domain_of, one_address, plus_address, plus_token, reply_token
from scoring.errors import InvalidInput

NASTY = st.text(alphabet=st.sampled_from(list('ab.@,;:<>()[]"\\ \t\r\n\x00-+ä中ß\u200d\u202e\uff20')), max_size=30)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("kim@acme.test", "kim@acme.test"),
        (" kim@acme.test\n", "kim@acme.test"),
        ("Kim.O'Neil+eu@ACME.Test", "Kim.O'Neil+eu@acme.test"),
        ("kim@bücher.test", "kim@xn--bcher-kva.test"),
        ("info@acme.test", "info@acme.test"),
    ],
)
def test_a_plain_address_comes_back_as_mail_servers_write_it(text: str, address: str) -> None:
    assert one_address(text) == address


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no e-mail address"),
        ("Kim <kim@acme.test>", "not one plain"),
        ("kim@acme.test,eve@evil.test", "not one plain"),
        ("kim@straße.test", "no usable domain"),
        ("kim@acme", "no usable domain"),
        ("kim@127.0.0.1", "no usable domain"),
        ("kim@-acme.test", "no usable domain"),
        ("kim@acme..test", "no usable domain"),
        (".kim@acme.test", "not one plain"),
        ("kïm@acme.test", "letters before the @"),
        ("no-reply@acme.test", "Nobody reads"),
        ("NoReply+1@acme.test", "Nobody reads"),
        ("k" * 65 + "@acme.test", "not one plain"),
        ("kim@" + "a." * 150 + "test", "too long"),
    ],
)
def test_anything_else_is_refused_with_a_reason(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        one_address(text)


@given(st.one_of(st.text(max_size=60), NASTY, st.emails(), st.tuples(NASTY, NASTY).map("@".join)))
def test_whatever_comes_in_one_mailbox_or_a_refusal_comes_out(text: str) -> None:
    address, reason = _judged(text)

    assert "\n" not in reason
    assert "\u202e" not in reason
    if not reason:
        assert re.fullmatch(r"[^\s@,;:<>()\[\]\"\\]+@[a-z0-9.-]+\.[a-z0-9-]+", address)
        assert address.isascii()
        assert one_address(address) == address
        assert domain_of(address) == address.partition("@")[2]


def _judged(text: str) -> tuple[str, str]:
    try:
        return one_address(text), ""
    except InvalidInput as refusal:
        return "", str(refusal)


@given(
    local=st.from_regex(r"[a-z0-9]{1,62}(\+[a-z0-9]{1,10})?", fullmatch=True),
    digest=st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
)
def test_the_address_for_answers_says_which_mail_is_answered_and_stays_one_address(local: str, digest: str) -> None:
    address, token = f"{local[:64]}@vendor.test", reply_token(f"<{digest}@vendor.test>")

    answers = plus_address(address, token)

    assert token == digest[:16]
    assert one_address(answers) == answers
    assert answers.rpartition("@")[2] == "vendor.test"
    assert plus_token(answers.upper()) == (token if len(answers) > len(address) else plus_token(address))
    assert (len(answers) > len(address)) is (len(local[:64]) <= 64 - 17)


@pytest.mark.parametrize("address", ["ana@vendor.test", "ana+news@vendor.test", "ana+0123456789abcdeg@vendor.test", ""])
def test_an_address_of_somebody_else_carries_no_token_of_ours(address: str) -> None:
    assert plus_token(address) == ""
    assert reply_token(f"<{address}>") == ""
    assert plus_address("ana@vendor.test", reply_token(address)) == "ana@vendor.test"
