"""Sends tasks with the stock client of Celery, and waits for their results.

python celery-client.py redis://… < calls.json: a list of {"name", "args", "kwargs", "options", "timeout"}. Prints a list with
{"result"} or {"exception", "message"} for each.
"""
import json
import sys

from celery import Celery

url = sys.argv[1]
app = Celery("somebody-else", broker=url, backend=url)
sent = [
    (app.send_task(call["name"], call.get("args"), call.get("kwargs"), **call.get("options", {})), call)
    for call in json.load(sys.stdin)
]
outcomes = []
for task, call in sent:
    try:
        outcomes.append({"id": task.id, "result": task.get(timeout=call.get("timeout", 20)), "status": task.status})
    except Exception as error:
        outcomes.append({"id": task.id, "exception": type(error).__name__, "message": str(error), "status": task.status})
json.dump(outcomes, sys.stdout)
