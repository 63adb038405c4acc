"""Undo and redo as a client asks for them."""

OTHER = "POLYGON ((50 50, 50 90, 90 90, 90 50, 50 50))"


def ok(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


def undo(person, answer=None):
    return person.get(f"/api/command/{answer['command']}/undo.json" if answer else "/api/command/undo.json")


def redo(person, answer=None):
    return person.get(f"/api/command/{answer['command']}/redo.json" if answer else "/api/command/redo.json")
