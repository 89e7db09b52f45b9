import asyncio
from datetime import UTC, datetime

import orjson
import pytest
from personae.actors.domain.kit import Refusal
from personae.http.identity.jose import PrivateKey
from personae.http.identity.keys import MAX_INSTANCES, SigningKeys, StoredKey

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PEMS = {algorithm: PrivateKey.generate(algorithm).pem() for algorithm in ("ES256", "EdDSA")}
OLD, NEW = (
    StoredKey("1", "ES256", PEMS["ES256"]),
    StoredKey("2", "EdDSA", PEMS["EdDSA"], active=True),
)


class Source:
    """What the keys come from: counts how often it is asked."""

    def __init__(self, *stored):
        self.stored, self.asked, self.fails = stored, [], False

    async def __call__(self, instance_id):
        self.asked.append(instance_id)
        await asyncio.sleep(0)
        if self.fails:
            raise ConnectionError
        return self.stored


@pytest.fixture
def source():
    return Source(OLD, NEW)


@pytest.fixture
def keys(source):
    return SigningKeys(source)


def sign(ready):
    claims = {"iss": "i", "aud": "a", "iat": NOW.timestamp(), "exp": NOW.timestamp() + 9}
    return ready.signer.sign(claims, "JWT")


async def test_the_active_key_signs_and_every_key_verifies(keys):
    """OIDC-27."""
    ready = await keys.of("i1")
    assert ready.signer.public.id == "2"
    token = sign(ready)
    assert ready.verifier.verify(token, typ=("jwt",), issuer="i", audience=("a",), now=NOW)
    assert [key["kid"] for key in orjson.loads(ready.jwks)["keys"]] == ["1", "2"]
    assert set(ready.verifier.keys) == {"1", "2"}


async def test_keys_are_parsed_once(keys, source):
    """P-21: the very objects come back, also for many who ask at once."""
    first, *others = await asyncio.gather(*(keys.of("i1") for _ in range(20)))
    assert all(other is first for other in others)
    assert await keys.of("i1") is first
    assert source.asked == ["i1"]


async def test_each_instance_has_its_own(keys, source):
    assert await keys.of("i1") is not await keys.of("i2")
    assert source.asked == ["i1", "i2"]


async def test_a_change_is_seen_at_the_next_question(keys, source):
    await keys.of("i1")
    source.stored = (NEW,)
    keys.forget("i1")
    assert set((await keys.of("i1")).verifier.keys) == {"2"}


async def test_a_change_during_a_load_is_not_missed(keys, source):
    early = asyncio.create_task(keys.of("i1"))
    await asyncio.sleep(0)
    keys.forget("i1")
    await early
    await keys.of("i1")
    assert source.asked == ["i1", "i1"]


async def test_a_failed_load_is_tried_again(keys, source):
    source.fails = True
    with pytest.raises(ConnectionError):
        await keys.of("i1")
    source.fails = False
    assert (await keys.of("i1")).signer


async def test_who_gives_up_waiting_does_not_take_the_others_down(keys):
    impatient, patient = (asyncio.create_task(keys.of("i1")) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).signer


async def test_without_active_key_nobody_signs(keys, source):
    source.stored = (OLD,)
    ready = await keys.of("i1")
    with pytest.raises(Refusal, match="KEY-NoneActive"):
        sign(ready)


async def test_no_more_instances_are_kept_than_allowed(source):
    source.stored = ()
    keys = SigningKeys(source)
    for number in range(MAX_INSTANCES + 1):
        await keys.of(str(number))
    await keys.of(str(MAX_INSTANCES))
    await keys.of("0")
    assert source.asked[-2:] == [str(MAX_INSTANCES), "0"]


def test_a_stored_key_says_nothing_of_itself_when_printed():
    assert "PRIVATE" not in repr(NEW)
