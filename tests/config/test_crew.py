"""Several workers behind one port: who is asked answers for all."""

import asyncio

from personae.config.crew_metrics import CrewRegistry


async def test_the_trees_of_all_workers_are_one(tmp_path):
    for number in (1, 10):
        publishing = asyncio.create_task(
            CrewRegistry(tmp_path, number).publish(
                lambda n=number: {"name": "personae", "state": "running", "restarts": n}
            )
        )
        await asyncio.sleep(0)
        publishing.cancel()
    own = {"name": "personae", "state": "failed", "children": []}
    together = CrewRegistry(tmp_path, 2).trees(own)
    assert (together["name"], together["state"]) == ("personae", "failed")
    names = [tree["name"] for tree in together["children"]]
    assert names == ["worker 1", "worker 2", "worker 10"]
    assert together["children"][2]["restarts"] == 10
    assert together["children"][2]["seconds_old"] < 60
