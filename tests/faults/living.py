"""Living nodes list what was acknowledged, by projectors of their own: asked before a check helps."""

import aiohttp
from personae.store.pool import Database

from tests.cluster import eventually
from tests.faults.load import GRANTS, ROLE

USERS = """
SELECT count(*) FILTER (WHERE event_type IN ('user.human.added', 'user.machine.added'))
     - count(*) FILTER (WHERE event_type = 'user.removed') FROM events"""


async def check_living(nodes, token, url, acknowledged):
    """Assert that every one of the nodes is as far as the log, and lists it.

    That is: all users that the log ``url`` has, of what was acknowledged the last user, the last
    session and the last role given. A node whose projector of these is dead refuses; no projector of it waits for anything.
    """
    database = Database(url, size=1)
    ((users,),) = await database.rows(USERS)
    await database.close()
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        for node in nodes:
            await lists(http, node, users, acknowledged)
            await eventually(at_rest(http, node), 5)


async def lists(http, node, users, acknowledged):
    told = await listed(http, node, "/v2/users", {"query": {"limit": 1}})
    assert told["details"]["totalResult"] == str(users), node.log
    for name, user_id in last(acknowledged.users):
        asked = {"queries": [{"userNameQuery": {"userName": name}}]}
        found = (await listed(http, node, "/v2/users", asked))["result"]
        assert [user["userId"] for user in found] == [user_id], node.log
    for user_id, session_id in last(acknowledged.sessions):
        asked = {"queries": [{"idsQuery": {"ids": [session_id]}}]}
        found = (await listed(http, node, "/v2/sessions/search", asked))["sessions"]
        assert [session["factors"]["user"]["id"] for session in found] == [user_id], node.log
    for user_id, grant_id in last(acknowledged.grants):
        asked = {"filters": [{"authorizationIds": {"ids": [grant_id]}}]}
        found = (await listed(http, node, f"/{GRANTS}/ListAuthorizations", asked))["authorizations"]
        assert [(one["user"]["id"], one["roles"][0]["key"]) for one in found] == [(user_id, ROLE)]


def last(told):
    return list(told.items())[-1:]


async def listed(http, node, path, asked):
    async with http.post(f"{node.url}{path}", json=asked) as answer:
        assert answer.status == 200, (node.log, await answer.text())
        return await answer.json()


def at_rest(http, node):
    """Ask whether every projector of a node runs, and what keeps them, and has all it heard of."""

    async def resting():
        async with http.get(f"{node.url}/debug/actors") as answer:
            parts = {part["name"]: part for part in (await answer.json())["children"]}
        found = parts["projections"]["children"]
        behind = [one["events_behind"] for one in found if "events_behind" in one]
        assert behind  # one for each projector
        return not any(behind) and all(one["state"] == "running" for one in found)

    return resting
