"""The client of a kernel: it asks again at once when it may have missed an answer, and knows a dead kernel."""

from collections.abc import Iterable
from queue import Empty
from types import SimpleNamespace
from typing import Any

import pytest
import zmq

from pipeline.kit.stages.kernel import StageClient


def message(question: str, kind: str, **content: str) -> dict[str, Any]:
    return {"msg_type": kind, "parent_header": {"msg_id": question}, "content": content}


def reply(question: str) -> dict[str, Any]:
    return message(question, "kernel_info_reply")


def status(question: str, state: str) -> dict[str, Any]:
    return message(question, "status", execution_state=state)


class _Scripted(StageClient):
    """A client whose kernel sends what a script says; ``None`` stands for silence until patience ends."""

    parent: Any = None

    def script(self, replies: Iterable[Any], told: Iterable[Any], alive: bool = True) -> "_Scripted":
        self.asked, self.waited = 0, list[float]()
        self.replies, self.told, self.alive = list(replies), list(told), alive
        self.parent = SimpleNamespace(is_alive=self.is_kernel_alive)
        return self

    async def is_kernel_alive(self) -> bool:
        return self.alive

    def kernel_info(self, reply: bool = False, timeout: float | None = None) -> str:
        self.asked += 1
        return f"question {self.asked}"

    async def get_shell_msg(self, timeout: float) -> Any:
        return self._next(self.replies)

    async def get_iopub_msg(self, timeout: float) -> Any:
        self.waited.append(timeout)
        return self._next(self.told)

    def _next(self, script: list[Any]) -> Any:
        if (found := script.pop(0)) is None:
            raise Empty
        return found


@pytest.fixture
def client() -> _Scripted:
    return _Scripted.__new__(_Scripted)


def ready(client: _Scripted) -> int:
    # No script really waits, so no event loop is needed; that of the browser may be running in this thread.
    with pytest.raises(StopIteration):
        StageClient.wait_for_ready(client, timeout=10).send(None)
    return client.asked


def test_one_question_is_enough_when_its_answer_arrives(client: _Scripted) -> None:
    told = [status("question 1", "busy"), status("question 1", "idle")]
    assert ready(client.script([reply("question 1")], told)) == 1


def test_what_the_kernel_told_before_anyone_listened_is_asked_for_again_at_once(client: _Scripted) -> None:
    client.script([reply("question 1"), reply("question 2")], [None, status("question 2", "idle")])
    assert ready(client) == 2
    assert max(client.waited) <= 0.1, "what comes with a reply is not waited for as long as the reply"


def test_answers_to_earlier_questions_are_not_taken_for_the_last(client: _Scripted) -> None:
    replies = [None, reply("question 1"), reply("question 2")]
    told = [status("question 1", "idle"), status("question 2", "busy"), status("question 2", "idle")]
    assert ready(client.script(replies, told)) == 2
    assert client.told == []


def test_a_slow_kernel_is_asked_until_it_answers(client: _Scripted) -> None:
    assert ready(client.script([None, None, None, reply("question 4")], [status("question 4", "idle")])) == 4


def test_a_dead_kernel_is_said_to_be_dead(client: _Scripted) -> None:
    client.script([None], [], alive=False)
    with pytest.raises(RuntimeError, match="died before it was ready"):
        ready(client)


def test_its_sockets_look_for_the_kernel_often() -> None:
    client = StageClient()
    with client.context.socket(zmq.DEALER) as socket:
        assert 0 < socket.getsockopt(zmq.RECONNECT_IVL) <= 10
